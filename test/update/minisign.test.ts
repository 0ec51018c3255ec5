import { describe, expect, test } from 'bun:test'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeKeyPair, signContent } from '../../scripts/release/minisign.ts'
import { parsePublicKey, verifySignature } from '../../src/update/release/minisign.ts'
import { testWith } from '../support/part.ts'
import { tempDir } from '../support/temp-dir.ts'

const pair = makeKeyPair()
const keys = [parsePublicKey(pair.public)]
const content = Buffer.from('{"version":"1.2.3"}')
const good = signContent(content, pair.secret, 'a comment')
const verify = (signature: string, of: Uint8Array = content) => verifySignature(of, Buffer.from(signature), keys)
const untrusted = (why: RegExp) => ({ code: 'update.untrusted', message: expect.stringMatching(why) })

describe('a signature', () => {
  test('is accepted in both of its forms, with its comment', () => {
    expect(verify(good)).toBe('a comment')
    expect(verify(signContent(content, pair.secret, 'ä\tb', false))).toBe('ä\tb')
    expect(verify(good.replaceAll('\n', '\r\n'))).toBe('a comment')
  })

  test('of the next key is accepted beside the current one', () => {
    const next = makeKeyPair()
    const both = [...keys, parsePublicKey(next.public)]
    expect(verifySignature(content, Buffer.from(signContent(content, next.secret, 'n')), both)).toBe('n')
  })

  test('of another key is refused, even with the id of a known one', () => {
    const other = signContent(content, makeKeyPair().secret, 'a comment')
    expect(() => verify(other)).toThrow(expect.objectContaining(untrusted(/key that this hal0 does not know/)))
    const lines = other.split('\n')
    const forged = Buffer.from(lines[1] ?? '', 'base64')
    Buffer.from(good.split('\n')[1] ?? '', 'base64').copy(forged, 2, 2, 10)
    lines[1] = forged.toString('base64')
    expect(() => verify(lines.join('\n'))).toThrow(expect.objectContaining(untrusted(/does not match/)))
  })

  test('of other content is refused, even if only one bit differs', () => {
    for (let bit = 0; bit < content.length * 8; bit += 13) {
      const changed = Buffer.from(content)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => verify(good, changed)).toThrow(expect.objectContaining(untrusted(/does not match/)))
    }
  })

  test('with a different trusted comment is refused', () => {
    const changed = good.replace('a comment', 'b comment')
    expect(() => verify(changed)).toThrow(expect.objectContaining(untrusted(/comment of the signature/)))
  })

  test('that is malformed is refused, whatever is wrong with it', () => {
    const lines = good.split('\n')
    const [first = '', main = '', comment = '', global = ''] = lines
    const forms = [
      '',
      'not a signature',
      '<html>',
      main,
      [first, `${main.slice(0, -4)}****`, comment, global].join('\n'),
      [first, main.slice(4), comment, global].join('\n'),
      [first, ` ${main}`, comment, global].join('\n'),
      [first, main, comment].join('\n'),
      [first, main, 'comment: a comment', global].join('\n'),
      [
        first,
        Buffer.concat([Buffer.from('XX'), Buffer.from(main, 'base64').subarray(2)]).toString('base64'),
        comment,
        global,
      ].join('\n'),
      `${good}more\n`,
    ]
    for (const form of forms)
      expect(() => verify(form)).toThrow(expect.objectContaining(untrusted(/not a minisign signature/)))
  })
})

test('a malformed public key is refused', () => {
  const line = pair.public.split('\n')[1] ?? ''
  expect(parsePublicKey(line).id).toBe(keys[0]?.id ?? '')
  for (const text of ['', 'key', line.slice(4), `${line}AAAA`, pair.secret]) {
    expect(() => parsePublicKey(text)).toThrow('is not a public key of minisign')
  }
})

describe("minisign's own program", () => {
  const minisignTest = testWith('minisign on PATH', Bun.which('minisign') !== null)
  const minisign = (...args: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(['minisign', ...args])
    return { exitCode, stderr: stderr.toString() }
  }

  minisignTest('verifies our signatures and signs with our keys, in both forms', async () => {
    const folder = tempDir()
    const [file, key, pub] = ['file', 'test.key', 'test.pub'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await writeFile(file, content)
    await writeFile(key, pair.secret)
    await writeFile(pub, pair.public)
    for (const prehashed of [true, false]) {
      await writeFile(`${file}.minisig`, signContent(content, pair.secret, 'ours', prehashed))
      expect(minisign('-V', '-p', pub, '-m', file)).toEqual({ exitCode: 0, stderr: '' })
    }
    for (const form of [[], ['-l']]) {
      expect(minisign('-S', ...form, '-s', key, '-m', file, '-t', 'theirs')).toMatchObject({ exitCode: 0 })
      expect(verify(await readFile(`${file}.minisig`, 'utf8'))).toBe('theirs')
    }
  })

  minisignTest('makes keys that we verify with and sign with', async () => {
    const folder = tempDir()
    const [file, key, pub] = ['file', 'm.key', 'm.pub'].map((name) => join(folder, name)) as [string, string, string]
    await writeFile(file, content)
    expect(minisign('-G', '-W', '-p', pub, '-s', key)).toMatchObject({ exitCode: 0 })
    minisign('-S', '-s', key, '-m', file, '-t', 'theirs')
    const theirs = [parsePublicKey(await readFile(pub, 'utf8'))]
    expect(verifySignature(content, await readFile(`${file}.minisig`), theirs)).toBe('theirs')
    await writeFile(`${file}.minisig`, signContent(content, await readFile(key, 'utf8'), 'ours'))
    expect(minisign('-V', '-p', pub, '-m', file)).toEqual({ exitCode: 0, stderr: '' })
  })
})
