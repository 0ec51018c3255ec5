/** Disks that are full or may not be written to, and things that lie where a pull keeps its files. */
import { beforeEach, describe, expect, onTestFinished, test } from 'bun:test'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errnoOf } from '../../../../src/system/files/storage-error.ts'
import { testWith } from '../../../support/part.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { attempt, problemOfSuccess, remoteOf, small } from '../fixture.ts'
import { type Asked, rawServer } from '../raw-origin.ts'
import { honest } from '../replies.ts'
import { bytesOf } from '../seeded.ts'

const name = 'model.gguf'
const content = bytesOf(1, 4_000_000)
const files = [remoteOf(name, content)]
const serve = (also: (no: number) => void = () => {}) =>
  rawServer((asked: Asked, no) => {
    also(no)
    return honest(content, asked)
  })

const diskBytes = 8 << 20
const mount = (folder: string): boolean =>
  Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', `size=${diskBytes}`, 'hal0-test', folder]).success
const remount = (folder: string, how: 'ro' | 'rw'): void => {
  if (!Bun.spawnSync(['mount', '-o', `remount,${how}`, folder]).success) throw new Error(`could not remount ${how}`)
}
const unmount = (folder: string): boolean => Bun.spawnSync(['umount', '-l', folder]).success
const mayMount = ((): boolean => {
  if (process.getuid?.() !== 0 || Bun.which('mount') === null) return false
  const folder = mkdtempSync(join(tmpdir(), 'hal0-test-'))
  const mounted = mount(folder) && unmount(folder)
  rmdirSync(folder)
  return mounted
})()
const mountTest = testWith('root that may mount a tmpfs', mayMount)

describe('on a small disk', () => {
  let disk: string
  let folder: string
  beforeEach(() => {
    disk = realpathSync(mkdtempSync(join(tmpdir(), 'hal0-test-')))
    folder = join(disk, '.pull-model')
    if (mayMount) mount(disk)
    onTestFinished(() => {
      if (mayMount) unmount(disk)
      rmdirSync(disk)
    })
  })
  /** Takes all free bytes but some. */
  const fill = (left: number) => {
    const { bavail, bsize } = statfsSync(disk)
    if (bavail * bsize > diskBytes) throw new Error(`${disk} is no small disk`)
    try {
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - left)))
    } catch (error) {
      // A download that runs may take the last bytes first: the disk is as full as it should be.
      if (left > 0 || errnoOf(error) !== 'ENOSPC') throw error
    }
  }
  const pull = (url: string) => attempt({ folder, url, files })

  mountTest('a pull that does not fit is refused with figures before its first byte', async () => {
    const left = 4_500_000
    fill(left)
    const server = serve()
    const outcome = await pull(server.url)
    expect(outcome).toMatchObject({
      code: 'pull.no_space',
      details: { path: folder, needed: content.length, reserve: small.reserveBytes },
    })
    expect(server.asked).toEqual([])
    rmSync(join(disk, 'ballast'))
    expect(await pull(server.url)).toHaveLength(1)
  })

  mountTest('what is here already is not asked of the disk again', async () => {
    const cancel = new AbortController()
    const server = serve((no) => {
      if (no === 12) cancel.abort()
    })
    await attempt({ folder, url: server.url, files, signal: cancel.signal })
    fill(3_000_000)
    expect(await pull(serve().url)).toHaveLength(1)
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })

  mountTest('a disk that fills up midway ends the pull, keeps what is here, and with space it goes on', async () => {
    const server = serve((no) => {
      if (no === 6) fill(0)
    })
    expect(await pull(server.url)).toMatchObject({ code: 'pull.no_space', details: { errno: 'ENOSPC' } })
    expect(existsSync(join(folder, name))).toBe(false)
    rmSync(join(disk, 'ballast'))
    const again = serve()
    expect(await pull(again.url)).toHaveLength(1)
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
    const bytes = again.asked.reduce((sum, { range }) => sum + (range === null ? 0 : range.to - range.from), 0)
    expect(bytes).toBeLessThan(content.length)
  })

  mountTest(
    'a folder that may not be written to is a failure of the storage, before anything is asked for',
    async () => {
      remount(disk, 'ro')
      const server = serve()
      expect(await pull(server.url)).toMatchObject({ code: 'storage.failed', details: { errno: 'EROFS' } })
      expect(server.asked).toEqual([])
      remount(disk, 'rw')
    },
  )

  mountTest('a partial that may not be written to any more is kept', async () => {
    const cancel = new AbortController()
    const begun = serve((no) => {
      if (no === 6) cancel.abort()
    })
    await attempt({ folder, url: begun.url, files, signal: cancel.signal })
    remount(disk, 'ro')
    expect(await pull(begun.url)).toMatchObject({ code: 'storage.failed' })
    remount(disk, 'rw')
    expect(readdirSync(folder).sort()).toEqual([`${name}.partial`, `${name}.ranges.json`])
  })
})

describe('what lies in the way is refused and left as it is:', () => {
  const victimText = 'precious'
  /** A file that must not change, and the folder of a pull. */
  const setUp = () => {
    const root = tempDir()
    const victim = join(root, 'victim')
    writeFileSync(victim, victimText)
    const folder = join(root, '.pull-model')
    return { root, victim, folder }
  }
  const refused = async (folder: string, victim: string) => {
    const server = serve()
    expect(await attempt({ folder, url: server.url, files })).toMatchObject({ code: 'storage.failed' })
    expect(server.asked).toEqual([])
    expect(readFileSync(victim, 'utf8')).toBe(victimText)
  }

  test('a symbolic link in place of the folder', async () => {
    const { root, victim, folder } = setUp()
    mkdirSync(join(root, 'elsewhere'))
    symlinkSync(join(root, 'elsewhere'), folder)
    await refused(folder, victim)
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([])
  })

  test('a file in place of the folder', async () => {
    const { victim } = setUp()
    await refused(victim, victim)
  })

  test.each([name, `${name}.partial`, `${name}.ranges.json`])('a symbolic link called %s', async (link) => {
    const { victim, folder } = setUp()
    mkdirSync(folder)
    symlinkSync(victim, join(folder, link))
    await refused(folder, victim)
  })

  test('a partial that is another file, too', async () => {
    const { victim, folder } = setUp()
    mkdirSync(folder)
    linkSync(victim, join(folder, `${name}.partial`))
    await refused(folder, victim)
  })

  test('a FIFO', async () => {
    const { victim, folder } = setUp()
    mkdirSync(folder)
    Bun.spawnSync(['mkfifo', join(folder, `${name}.partial`)])
    await refused(folder, victim)
  })

  test('a symbolic link in place of the sidecar is replaced, not followed', async () => {
    const { victim, folder } = setUp()
    mkdirSync(folder)
    symlinkSync(victim, join(folder, `${name}.sha256`))
    expect(await attempt({ folder, url: serve().url, files })).toHaveLength(1)
    expect(readFileSync(victim, 'utf8')).toBe(victimText)
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })
})
