import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { editToml, readToml } from '../../../src/system/files/toml-file.ts'
import { tempDir } from '../../support/temp-dir.ts'

const fileWith = (text: string): string => {
  const path = join(tempDir(), 'primary.toml')
  writeFileSync(path, text)
  return path
}

describe('A TOML file', () => {
  test('is read as a table', async () => {
    const path = fileWith('model = "m" # which\nport = 8081\nextra_args = ["a", "b"]\n[engines]\n"llama.cpp" = "/x"\n')
    expect(await readToml(path)).toEqual({
      model: 'm',
      port: 8081,
      extra_args: ['a', 'b'],
      engines: { 'llama.cpp': '/x' },
    })
  })

  test('that is empty is an empty table, and a missing one is null', async () => {
    expect(await readToml(fileWith(''))).toEqual({})
    expect(await readToml(join(tempDir(), 'none.toml'))).toBeNull()
  })

  for (const text of ['port = ', 'a = 1\na = 2\n', '[x\n', '= 3', 'x = "open\n', '\u0000']) {
    test(`with the text ${JSON.stringify(text)} is refused with its name`, async () => {
      const path = fileWith(text)
      const expected = { code: 'config.invalid', message: expect.stringContaining(path), details: { path } }
      await expect(readToml(path)).rejects.toMatchObject(expected)
      await expect(editToml(path, { port: 1 }, 'edit')).rejects.toMatchObject(expected)
      expect(readFileSync(path, 'utf8')).toBe(text)
    })
  }

  test('that is a folder cannot be read', async () => {
    const path = join(tempDir(), 'x.toml')
    mkdirSync(path)
    await expect(readToml(path)).rejects.toMatchObject({ code: 'storage.failed' })
  })
})

describe('An edit', () => {
  const original = [
    '# the slot of the kitchen',
    'port = 8081   # do not touch',
    'mine = { x = 1 }',
    '',
    'model = "old"',
    'aliases = [',
    '  "a", # first',
    '  "b",',
    ']',
    '',
    '[unknown.table]',
    'key = 2024-01-01 # a date',
    '',
  ].join('\n')

  test('changes one value and leaves every other byte', async () => {
    const path = fileWith(original)
    await editToml(path, { model: 'new' }, 'edit')
    expect(readFileSync(path, 'utf8')).toBe(original.replace('"old"', '"new"'))
  })

  test('adds a key, removes a key, and keeps comments and unknown keys', async () => {
    const path = fileWith(original)
    await editToml(path, { context_size: 4096, model: undefined }, 'edit')
    const table = await readToml(path)
    expect(table).toMatchObject({ port: 8081, mine: { x: 1 }, context_size: 4096, aliases: ['a', 'b'] })
    expect(table).not.toContainKey('model')
    const text = readFileSync(path, 'utf8')
    for (const comment of ['# the slot of the kitchen', '# do not touch', '# first', '# a date']) {
      expect(text).toContain(comment)
    }
  })

  test('adds a top-level key if the file ends with a table', async () => {
    const path = fileWith('[unknown]\nx = 1\n')
    await editToml(path, { port: 8082 }, 'edit')
    expect(await readToml(path)).toEqual({ unknown: { x: 1 }, port: 8082 })
  })

  test('keeps special characters in a value', async () => {
    const values = { a: 'quo"te\\ and\nnewline', b: 'ü 🚀', c: ['', ' ', "'"], d: -1.5, e: false, f: 31_536_000 }
    const path = fileWith(original)
    await editToml(path, values, 'edit')
    expect(await readToml(path)).toMatchObject(values)
  })

  test('of a missing file creates it', async () => {
    const path = join(tempDir(), 'slots', 'primary.toml')
    await editToml(path, { model: 'm', port: 8081, nothing: undefined }, 'edit')
    expect(await readToml(path)).toEqual({ model: 'm', port: 8081 })
  })

  test('that removes a missing key changes nothing', async () => {
    const path = fileWith(original)
    await editToml(path, { nothing: undefined }, 'edit')
    expect(readFileSync(path, 'utf8')).toBe(original)
  })

  test('keeps the mode of the file', async () => {
    const path = fileWith('key = 1\n')
    chmodSync(path, 0o600)
    await editToml(path, { key: 2 }, 'edit')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('waits for an earlier edit of the same file, so that none is lost', async () => {
    const path = fileWith('count = 0\n')
    const keys = Array.from({ length: 20 }, (_, index) => `key${index}`)
    await Promise.all(
      keys.flatMap((key) => [
        editToml(path, { [key]: true }, 'edit'),
        editToml(path, ({ count }) => ({ count: Number(count) + 1 }), 'edit'),
      ]),
    )
    expect(await readToml(path)).toEqual({ count: 20, ...Object.fromEntries(keys.map((key) => [key, true])) })
  })

  test('that refuses what it found leaves the file unchanged, and the next edit works', async () => {
    const path = fileWith('key = 1\n')
    const refused = editToml(path, () => Promise.reject(new Error('no')), 'edit')
    const next = editToml(path, { key: 2 }, 'edit')
    await expect(refused).rejects.toThrow('no')
    await next
    expect(readFileSync(path, 'utf8')).toBe('key = 2\n')
  })

  test('that cannot be written says what was attempted', async () => {
    const file = fileWith('')
    await expect(editToml(join(file, 'x.toml'), { a: 1 }, 'save the slot')).rejects.toMatchObject({
      code: 'storage.failed',
    })
  })
})

describe('a file that is not UTF-8', () => {
  const latin1 = (text: string): string => {
    const path = join(tempDir(), 'slot.toml')
    writeFileSync(path, Buffer.from(text, 'latin1'))
    return path
  }
  test('in its comments is read, and is not destroyed by an edit', async () => {
    const path = latin1('port = 8081\n# für die Küche\nmodel = "a"\n')
    const before = readFileSync(path)
    expect(await readToml(path)).toEqual({ port: 8081, model: 'a' })
    await expect(editToml(path, { model: 'b' }, 'save it')).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('not UTF-8 (line 2)'),
    })
    expect(readFileSync(path)).toEqual(before)
  })
  test('in a value is refused with its line', async () => {
    await expect(readToml(latin1('port = 8081\naliases = ["Küche"]\n'))).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('line 2'),
    })
  })
  test('because it is UTF-16 is refused as such', async () => {
    const path = join(tempDir(), 'slot.toml')
    writeFileSync(path, Buffer.from('\ufeffport = 8081\n', 'utf16le'))
    await expect(readToml(path)).rejects.toMatchObject({ message: expect.stringContaining('not UTF-8 (line 1)') })
  })
})

test('an edit keeps a byte order mark and Windows line ends', async () => {
  const path = join(tempDir(), 'slot.toml')
  writeFileSync(path, '\ufeff# Küche\r\nport = 8081 # mine\r\n')
  await editToml(path, { model: 'a' }, 'save it')
  expect(readFileSync(path, 'utf8')).toBe('\ufeff# Küche\r\nport = 8081 # mine\r\nmodel = "a"\r\n')
  expect(await readToml(path)).toEqual({ port: 8081, model: 'a' })
})
