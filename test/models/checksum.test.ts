import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyHashing, hashFile, readSidecar, writeSidecar } from '../../src/models/checksum.ts'
import { testWith } from '../support/part.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Three pieces and a bit. */
const content = Buffer.alloc(3 * 1024 * 1024 + 17, 'hal0')
const sum = createHash('sha256').update(content).digest('hex')

test.each([0, 1, 1024 * 1024, content.length])(
  'a file of %p bytes gets the sum that node:crypto gives',
  async (length) => {
    const path = join(tempDir(), 'file')
    const bytes = content.subarray(0, length)
    writeFileSync(path, bytes)
    expect(await hashFile(path)).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), bytes: length })
  },
)

test('a copy is the same bytes, and its sum is theirs', async () => {
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

test('hashing lets the event loop run in between', async () => {
  const path = join(tempDir(), 'large')
  writeFileSync(path, Buffer.alloc(64 * 1024 * 1024))
  let turns = 0
  const counting = setInterval(() => turns++, 0)
  await hashFile(path)
  clearInterval(counting)
  expect(turns).toBeGreaterThan(10)
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
