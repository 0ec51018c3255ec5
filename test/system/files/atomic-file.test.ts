import { describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sweepTemps, syncFolder, writeFileAtomic } from '../../../src/system/files/atomic-file.ts'
import { tempDir } from '../../support/temp-dir.ts'

describe('An atomic write', () => {
  test('replaces the file and leaves nothing beside it', async () => {
    const folder = tempDir()
    const path = join(folder, 'state.json')
    await writeFileAtomic(path, 'old', 'write')
    await writeFileAtomic(path, Buffer.from([0, 255, 10]), 'write')
    expect([...readFileSync(path)]).toEqual([0, 255, 10])
    expect(readdirSync(folder)).toEqual(['state.json'])
  })

  test('creates missing folders', async () => {
    const path = join(tempDir(), 'a', 'b', 'state.json')
    await writeFileAtomic(path, 'x', 'write')
    expect(readFileSync(path, 'utf8')).toBe('x')
  })

  test('gives the file the requested mode', async () => {
    const folder = tempDir()
    await writeFileAtomic(join(folder, 'secret'), 'x', 'write', 0o600)
    await writeFileAtomic(join(folder, 'plain'), 'x', 'write')
    expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'plain')).mode & 0o777).toBe(0o644)
  })

  test('that fails says so, and leaves the old file and nothing else', async () => {
    const folder = tempDir()
    const path = join(folder, 'taken')
    mkdirSync(join(path, 'inside'), { recursive: true })
    await expect(writeFileAtomic(path, 'x', 'write the state of slot primary')).rejects.toMatchObject({
      code: 'storage.failed',
      message: expect.stringContaining('Could not write the state of slot primary'),
      details: { path },
    })
    expect(readdirSync(folder)).toEqual(['taken'])
    expect(readdirSync(path)).toEqual(['inside'])
  })

  test('below a file says so', async () => {
    const file = join(tempDir(), 'file')
    writeFileSync(file, '')
    const path = join(file, 'state.json')
    await expect(writeFileAtomic(path, 'x', 'write')).rejects.toMatchObject({
      code: 'storage.failed',
      details: { path, errno: 'ENOTDIR' },
    })
  })

  test('among many simultaneous ones leaves one of them complete', async () => {
    const folder = tempDir()
    const path = join(folder, 'state.json')
    const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000))
    await Promise.all(contents.map((content) => writeFileAtomic(path, content, 'write')))
    expect(contents).toContain(readFileSync(path, 'utf8'))
    expect(readdirSync(folder)).toEqual(['state.json'])
  })
})

describe('The sweep', () => {
  test('removes what interrupted writes left, and nothing else', async () => {
    const folder = tempDir()
    const keep = ['state.json', '.state.json.tmp', '.hidden', 'x.0123456789abcdef.tmp', '.a.0123456789ABCDEF.tmp']
    for (const name of [...keep, '.state.json.0123456789abcdef.tmp', '.a.b.ffffffffffffffff.tmp']) {
      writeFileSync(join(folder, name), '')
    }
    await sweepTemps(folder)
    expect(readdirSync(folder).toSorted()).toEqual(keep.toSorted())
  })

  test('of a missing folder does nothing', () => sweepTemps(join(tempDir(), 'none')))

  test('of a file says so', async () => {
    const file = join(tempDir(), 'file')
    writeFileSync(file, '')
    await expect(sweepTemps(file)).rejects.toMatchObject({ code: 'storage.failed', details: { path: file } })
  })
})

test('An existing folder can be synced, and a missing one cannot', async () => {
  const folder = tempDir()
  await syncFolder(folder)
  await expect(syncFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
})
