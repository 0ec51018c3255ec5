import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyHashing, hashFile, readSidecar, writeSidecar } from '../../../src/models/verify/checksum.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A little more than three pieces. */
const content = Buffer.alloc(3 * 1024 * 1024 + 17, 'hal0')
const sum = createHash('sha256').update(content).digest('hex')

test.each([0, 1, 1024 * 1024, content.length])(
  'a file of %p bytes gets the same checksum as from node:crypto',
  async (length) => {
    const path = join(tempDir(), 'file')
    const bytes = content.subarray(0, length)
    writeFileSync(path, bytes)
    expect(await hashFile(path)).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), bytes: length })
  },
)

test('a copy has the same bytes and their checksum', async () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'from'), content)
  expect(await copyHashing(join(folder, 'from'), join(folder, 'to'))).toEqual({ sha256: sum, bytes: content.length })
  expect(readFileSync(join(folder, 'to')).equals(content)).toBe(true)
})

test('a copy never replaces a file', async () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'from'), content)
  writeFileSync(join(folder, 'to'), 'precious')
  await expect(copyHashing(join(folder, 'from'), join(folder, 'to'))).rejects.toMatchObject({ code: 'storage.failed' })
  expect(readFileSync(join(folder, 'to'), 'utf8')).toBe('precious')
})

/** As large as a model of a few hundred MB, without using disk space. */
const sparse = (bytes: number): string => {
  const path = join(tempDir(), 'large')
  writeFileSync(path, '')
  truncateSync(path, bytes)
  return path
}

test('hashing gives the event loop a turn after each piece, so that timers fire', async () => {
  const path = sparse(256 * 1024 * 1024)
  let pieces = 0
  let inThisTurn = 0
  let most = 0
  let ticks = 0
  let counting = true
  const turn = () => {
    inThisTurn = 0
    if (counting) setImmediate(turn)
  }
  setImmediate(turn)
  const timer = setInterval(() => ticks++, 1)
  let last = 0
  let largest = 0
  await hashFile(path, {
    onBytes: (bytes) => {
      // What blocks the loop is the amount hashed at once, whatever the speed of this machine.
      largest = Math.max(largest, bytes - last)
      last = bytes
      pieces += 1
      inThisTurn += 1
      most = Math.max(most, inThisTurn)
    },
  })
  counting = false
  clearInterval(timer)
  expect(last).toBe(256 * 1024 * 1024)
  expect(pieces).toBeGreaterThanOrEqual(1024)
  expect(largest).toBeLessThanOrEqual(256 * 1024)
  expect(most).toBeLessThanOrEqual(2)
  expect(ticks).toBeGreaterThan(10)
}, 60_000)

test('hashing ends with its signal, and throws its reason', async () => {
  const path = sparse(100 * 1024 ** 3)
  const stop = new AbortController()
  const reason = new Error('enough')
  let told = 0
  const hashing = hashFile(path, {
    signal: stop.signal,
    onBytes: () => {
      told += 1
      if (told === 3) stop.abort(reason)
    },
  })
  await expect(hashing).rejects.toBe(reason)
  expect(told).toBe(3)
})

test('a file that cannot be read to its end is an error, not a checksum', async () => {
  // A regular file according to stat, whose first page cannot be read.
  await expect(hashFile('/proc/self/mem')).rejects.toMatchObject({ code: 'EIO' })
})

describe('a sidecar', () => {
  test('is read back', async () => {
    const path = join(tempDir(), 'model.gguf')
    await writeSidecar(path, sum)
    expect(await readSidecar(path)).toBe(sum)
  })

  test.each([
    ['there is none', null],
    ['it speaks of another file', `${sum}  other.gguf\n`],
    ['it is torn', `${sum.slice(0, 30)}`],
  ])('says nothing where %s', async (_, text) => {
    const path = join(tempDir(), 'model.gguf')
    if (text !== null) writeFileSync(`${path}.sha256`, text)
    expect(await readSidecar(path)).toBeNull()
  })

  testWith('sha256sum on PATH', Bun.which('sha256sum') !== null).each(['model.gguf', ' -n a*me с пробелом.gguf'])(
    'of %p is accepted by sha256sum -c, until the file changes',
    async (name) => {
      const folder = tempDir()
      writeFileSync(join(folder, name), content)
      await writeSidecar(join(folder, name), (await hashFile(join(folder, name))).sha256)
      const check = () => Bun.spawnSync(['sha256sum', '--strict', '-c', `${name}.sha256`], { cwd: folder }).exitCode
      expect(check()).toBe(0)
      writeFileSync(join(folder, name), content.subarray(1))
      expect(check()).toBe(1)
    },
  )
})
