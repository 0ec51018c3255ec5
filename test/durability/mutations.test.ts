/**
 * Damaged and hostile bytes for everything that is parsed from the disk: headers of models, records of slots, entries of the registry,
 * TOML. Each is refused with a typed error, or understood; nothing else leaves a parser, and none takes long.
 */
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { readGgufHead } from '../../src/models/gguf/header.ts'
import { loadEntries } from '../../src/models/registry/entry-store.ts'
import { recordIn } from '../../src/slots/store/record-store.ts'
import { parseToml } from '../../src/system/files/toml-file.ts'
import { arrayEntry, smallModel, text } from '../models/gguf/gguf-bytes.ts'
import { seeded } from '../models/pull/seeded.ts'
import { tempDir } from '../support/temp-dir.ts'

const each = process.env.HAL0_LONG === '1' ? 250_000 : 1_250
const seed = Number(process.env.HAL0_TEST_SEED ?? Math.floor(Math.random() * 1e9))
/** Of the processor, so that a loaded machine does not count. */
const longestMs = 100

const record = {
  ...{
    name: 'primary',
    state: 'ready',
    since: '2026-01-02T03:04:05.678Z',
    seq: 7,
    model: 'tiny',
    provider: 'llama.cpp',
  },
  ...{
    port: 8081,
    unit: 'hal0-slot@primary.service',
    pid: 4711,
    boot_id: 'b',
    reason: null,
    pull: null,
    error: null,
    intent: null,
  },
}
const entry = {
  ...{
    id: 'tiny',
    name: 'Tiny',
    kind: 'chat',
    source: null,
    architecture: 'llama',
    parameters: 100,
    quantization: 'F32',
  },
  ...{
    files: [{ path: 'local--tiny/tiny.gguf', size: 1, sha256: 'a'.repeat(64) }],
    context_length: 5,
    created_at: 'x',
  },
}
const toml =
  'model = "tiny" # a comment\naliases = ["a", "b"]\nport = 8081\n[llama_cpp]\ncontext_size = 0x10\n[[x]]\nd = 1979-05-27T07:32:00Z\nt = """\nmany\n"""\n'
const model = smallModel([arrayEntry('tokenizer.ggml.tokens', 8, 3, text('a'), text('b'), text('c'))])

let folder = ''
const parsers: Record<string, { sound: Buffer; parse: (bytes: Buffer) => unknown }> = {
  'headers of models': {
    sound: model,
    parse: (bytes) =>
      readGgufHead(
        {
          read: async (into, offset, length, position) => ({
            bytesRead: bytes.copy(into, offset, position, position + length),
          }),
        },
        'x.gguf',
        bytes.length,
      ),
  },
  'records of slots': { sound: Buffer.from(JSON.stringify(record)), parse: (bytes) => recordIn(bytes, 'primary') },
  'entries of the registry': {
    sound: Buffer.from(JSON.stringify(entry)),
    parse: (bytes) => {
      writeFileSync(join(folder, 'tiny.json'), bytes)
      return loadEntries(folder)
    },
  },
  TOML: { sound: Buffer.from(toml), parse: (bytes) => parseToml(bytes.toString('utf8'), 'slots/primary.toml') },
}

const odd = [
  '\0',
  '"',
  '\\',
  '{',
  '[[[[[[[[',
  '}',
  '1e999',
  '-',
  '\u{1f600}',
  '__proto__',
  '\\ud800',
  '../..',
  'null',
  '9'.repeat(40),
  '\n',
  '=',
]

/** The bytes with one to four changes. */
const mutated = (sound: Buffer, random: () => number): Buffer => {
  let bytes = Buffer.from(sound)
  const upTo = (most: number) => Math.floor(random() * (most + 1))
  for (let left = 1 + upTo(3); left > 0; left--) {
    const [at, length] = [upTo(bytes.length), upTo(16)]
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    const change = upTo(5)
    if (change === 0 && bytes.length > 0) bytes[Math.min(at, bytes.length - 1)] = upTo(255)
    else if (change === 1) bytes = Buffer.concat([before, after.subarray(length)])
    else if (change === 2) bytes = Buffer.concat([before, Buffer.from(odd[upTo(odd.length - 1)] ?? ''), after])
    else if (change === 3) bytes = Buffer.concat([before, before.subarray(-length), after])
    else if (change === 4 && after.length >= 8)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(upTo(2 ** 48)) << BigInt(upTo(16))), at)
    else bytes = Buffer.from(before)
  }
  return bytes
}

for (const [what, { sound, parse }] of Object.entries(parsers)) {
  test(`${each} mutations of ${what}: only typed errors come out, and none takes ${longestMs} ms of the processor`, async () => {
    folder = tempDir()
    const random = seeded(seed)
    const attempt = async (bytes: Buffer): Promise<number> => {
      const before = process.cpuUsage()
      await Promise.resolve()
        .then(() => parse(bytes))
        .catch((error: unknown) => {
          if (!(error instanceof Hal0Error) || error.code === 'internal') throw error
        })
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    }
    await attempt(sound)
    for (let at = 0; at < each; at++) {
      const bytes = mutated(sound, random)
      try {
        // What it collects of earlier ones may fall into one of them.
        for (let tries = 1; (await attempt(bytes)) > longestMs; tries++) {
          if (tries === 3) throw new Error('it took too long')
        }
      } catch (error) {
        throw new Error(`HAL0_TEST_SEED=${seed}, number ${at}: ${JSON.stringify(bytes.toString('latin1'))}`, {
          cause: error,
        })
      }
    }
    // The sound bytes are understood: so the mutations begin at something.
    expect(await parse(sound)).toBeTruthy()
  }, 3_600_000)
}
