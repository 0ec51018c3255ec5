import { describe, expect, test } from 'bun:test'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { type GgufHeader, readGgufHeader } from '../../../src/models/gguf/header.ts'
import { modelFacts } from '../../../src/models/gguf/model-facts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import {
  arrayEntry,
  entry,
  gguf,
  smallModel,
  stringEntry,
  tensor,
  text,
  u16Entry,
  u32Entry,
  u64,
} from './gguf-bytes.ts'

const write = (bytes: Uint8Array): string => {
  const path = join(tempDir(), 'model.gguf')
  writeFileSync(path, bytes)
  return path
}

const read = (bytes: Uint8Array): Promise<GgufHeader> => readGgufHeader(write(bytes))

/** The error of the read; anything but `model.invalid_file` fails the test. */
const refusal = async (path: string): Promise<Hal0Error> => {
  try {
    await readGgufHeader(path)
  } catch (error) {
    if (error instanceof Hal0Error && error.code === 'model.invalid_file') return error
    throw error
  }
  throw new Error('the file was accepted')
}

const architecture = stringEntry('general.architecture', 'llama')

describe('a valid header', () => {
  test('has architecture, name, context length and the number of weights', async () => {
    const header = await read(smallModel([u32Entry('general.file_type', 15)]))
    expect(header).toMatchObject({
      version: 3,
      architecture: 'llama',
      name: 'Small',
      contextLength: 2048,
      fileType: 15,
      poolingType: null,
      parameters: 32,
      tensors: 1,
    })
  })

  test('says of attention what decides about the size of the cache', async () => {
    const word = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer)
    const { attention } = await read(
      smallModel([
        u32Entry('llama.block_count', 3),
        u32Entry('llama.embedding_length', 64),
        u32Entry('llama.attention.head_count', 8),
        arrayEntry('llama.attention.head_count_kv', 5, 3, word(4), word(0), word(2)),
        arrayEntry('llama.attention.sliding_window_pattern', 7, 3, Buffer.from([1, 1, 0])),
        u32Entry('llama.attention.sliding_window', 512),
        u32Entry('other.attention.key_length', 9),
      ]),
    )
    expect(attention).toMatchObject({
      layers: 3,
      embedding: 64,
      heads: 8,
      headsKv: [4, 0, 2],
      keyLength: null,
      window: 512,
      windowPattern: [1, 1, 0],
    })
  })

  test('may have an array in the place of a number of heads that is no such list: it is skipped', async () => {
    const floats = arrayEntry('llama.attention.head_count_kv', 6, 2, Buffer.alloc(8))
    const long = arrayEntry('llama.attention.sliding_window_pattern', 7, 5000, Buffer.alloc(5000))
    const words = arrayEntry('llama.attention.head_count', 8, 2, text('a'), text('b'))
    const header = await read(smallModel([floats, long, words, u32Entry('llama.block_count', 7)]))
    expect(header.attention).toMatchObject({ heads: null, headsKv: null, windowPattern: null, layers: 7 })
  })

  test('may have version 2', async () => {
    const bytes = smallModel()
    bytes.writeUInt32LE(2, 4)
    expect((await read(bytes)).version).toBe(2)
  })

  test('may have the architecture after the keys that depend on it', async () => {
    const bytes = gguf({ entries: [u32Entry('qwen2.pooling_type', 3), stringEntry('general.architecture', 'qwen2')] })
    expect((await read(bytes)).poolingType).toBe(3)
  })

  test('says which shard it is', async () => {
    const header = await read(smallModel([u16Entry('split.no', 1), u16Entry('split.count', 3)]))
    expect([header.splitNo, header.splitCount]).toEqual([1, 3])
  })

  test('counts the weights of each tensor type by the block sizes of that type', async () => {
    const bytes = gguf({
      entries: [architecture],
      tensors: [tensor('a', [256, 2], 12, 0), tensor('b', [32], 1, 288)],
      data: 288 + 64,
    })
    expect((await read(bytes)).parametersByType).toEqual(
      new Map([
        [12, 512],
        [1, 32],
      ]),
    )
  })

  test('may use a tensor type newer than this program: its weights are counted', async () => {
    const bytes = gguf({ entries: [architecture], tensors: [tensor('a', [64], 99, 0)], data: 8 })
    expect((await read(bytes)).parameters).toBe(64)
  })

  test('may hold arrays and strings larger than the reading buffer', async () => {
    const big = stringEntry('tokenizer.chat_template', 'x'.repeat(700_000))
    const words = Array.from({ length: 40_000 }, (_, index) => text(`token ${index}`))
    const bytes = smallModel([big, arrayEntry('tokenizer.ggml.tokens', 8, words.length, ...words), big])
    expect((await read(bytes)).parameters).toBe(32)
  })

  test('may ask for another alignment', async () => {
    const header = gguf({
      entries: [architecture, u32Entry('general.alignment', 64)],
      tensors: [tensor('a', [4], 0, 64)],
    })
    const start = Math.ceil(header.length / 64) * 64
    const whole = Buffer.concat([header, Buffer.alloc(start + 64 + 16 - header.length)])
    expect((await read(whole)).parameters).toBe(4)
    await refusal(write(whole.subarray(0, -1)))
  })
})

describe('an unknown tensor type', () => {
  // Removed from llama.cpp, from ik_llama.cpp (IQ2_K, Q8_K_R8), and from the future.
  test.each([4, 31, 36, 43, 137, 399, 70_000])('is no reason to refuse: %i', async (type) => {
    const header = await read(gguf({ entries: [architecture], tensors: [tensor('a', [100, 3], type, 0)], data: 32 }))
    expect(header.parameters).toBe(300)
    expect(modelFacts([header], 'model.gguf', 'model').quantization).toBeNull()
  })

  test('does not prevent the check of the other tensors', async () => {
    const tensors = [tensor('a', [100], 137, 0), tensor('b', [8], 0, 1024)]
    const whole = gguf({ entries: [architecture], tensors, data: 1056 })
    expect((await read(whole)).dataBytes).toBe(1056)
    await refusal(write(whole.subarray(0, -1)))
  })
})

test('an unknown file type is no reason to refuse, and no quantisation is invented for it', async () => {
  const entries = [architecture, u32Entry('general.file_type', 4711)]
  const header = await read(gguf({ entries, tensors: [tensor('a', [100], 137, 0)], data: 32 }))
  expect(modelFacts([header], 'model.gguf', 'model').quantization).toBeNull()
})

describe('a file that is not a GGUF', () => {
  test.each([
    ['<!DOCTYPE html><html>404</html>', 'a web page'],
    ['<html><body>Sign in</body></html>', 'a web page'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n', 'a pointer of Git LFS'],
    ['PK\u0003\u0004 and so on', 'a ZIP archive'],
  ])('is refused with what it is: %s', async (content, word) => {
    expect((await refusal(write(Buffer.from(content)))).message).toContain(word)
  })
})

describe('a truncated file', () => {
  test('is refused wherever it is cut, from no byte to all but one', async () => {
    const whole = smallModel([arrayEntry('tokenizer.ggml.tokens', 8, 3, text('a'), text(''), text('bc'))])
    const path = write(whole)
    for (let length = whole.length - 1; length >= 0; length--) {
      truncateSync(path, length)
      const error = await refusal(path)
      expect(error.details.path, `cut to ${length} bytes`).toBe(path)
    }
  })

  test('is recognized by the size that its tensors need', async () => {
    const whole = smallModel()
    const error = await refusal(write(whole.subarray(0, whole.length - 100)))
    expect(error.details).toMatchObject({ expected: whole.length, actual: whole.length - 100 })
    expect(error.message).toContain('download or copy it again')
  })
})

describe('a damaged header', () => {
  const huge = 2n ** 63n
  const cases: [string, Buffer][] = [
    ['text instead of a model', Buffer.from('<!doctype html><title>404</title>')],
    ['zeros', Buffer.alloc(4096)],
    ['version 1', gguf({ version: 1 })],
    ['a version of the future', gguf({ version: 4 })],
    ['big endian', gguf({ version: 0x0300_0000 })],
    ['2^63 tensors', gguf({ claimedTensors: huge, data: 1000 })],
    ['2^63 metadata entries', gguf({ claimedEntries: huge, data: 1000 })],
    ['2^64 - 1 metadata entries', gguf({ claimedEntries: 2n ** 64n - 1n, data: 1000 })],
    ['a key of 2^62 bytes', gguf({ claimedEntries: 1n, entries: [u64(2n ** 62n)], data: 1000 })],
    ['a name of 2^62 bytes', gguf({ entries: [entry('general.name', 8, u64(2n ** 62n))], data: 1000 })],
    ['an unused string of 2^64 - 1 bytes', gguf({ entries: [entry('x.y', 8, u64(2n ** 64n - 1n))], data: 1000 })],
    ['an array of 2^63 strings', gguf({ entries: [arrayEntry('x.y', 8, huge)], data: 1000 })],
    ['an array of 2^61 numbers', gguf({ entries: [arrayEntry('x.y', 10, 2n ** 61n)], data: 1000 })],
    [
      'an array whose last string is too long',
      gguf({ entries: [arrayEntry('x.y', 8, 2, text('a'), u64(2n ** 40n))], data: 99 }),
    ],
    ['an array of arrays', gguf({ entries: [arrayEntry('x.y', 9, 1, u64(0), u64(0))], data: 1000 })],
    ['a value type that does not exist', gguf({ entries: [entry('x.y', 13, u64(0))], data: 1000 })],
    ['items of a type that does not exist', gguf({ entries: [arrayEntry('x.y', 99, 1, u64(0))], data: 1000 })],
    ['alignment 0', gguf({ entries: [u32Entry('general.alignment', 0)], data: 64 })],
    ['alignment 48', gguf({ entries: [u32Entry('general.alignment', 48)], data: 64 })],
    ['a tensor of five dimensions', gguf({ tensors: [tensor('a', [1, 1, 1, 1, 1], 0, 0)], data: 64 })],
    ['2^32 dimensions', gguf({ tensors: [Buffer.concat([text('a'), Buffer.alloc(4, 255)])], data: 64 })],
    ['more weights than can be counted', gguf({ tensors: [tensor('a', [2n ** 31n, 2n ** 31n], 0, 0)], data: 64 })],
    ['a product of dimensions that would wrap', gguf({ tensors: [tensor('a', [2n ** 63n, 2n], 0, 0)], data: 64 })],
    ['a row that is no whole number of blocks', gguf({ tensors: [tensor('a', [100], 12, 0)], data: 999 })],
    ['a tensor that begins between two alignments', gguf({ tensors: [tensor('a', [4], 0, 8)], data: 999 })],
    ['a tensor that begins behind the file', gguf({ tensors: [tensor('a', [4], 0, 2n ** 40n)], data: 999 })],
    ['a tensor that begins at 2^63', gguf({ tensors: [tensor('a', [4], 0, huge)], data: 999 })],
    [
      'a tensor of a new type that begins behind the file',
      gguf({ tensors: [tensor('a', [4], 99, 2n ** 40n)], data: 9 }),
    ],
  ]

  test.each(cases)('is refused: %s', async (_, bytes) => {
    const path = write(bytes)
    const error = await refusal(path)
    expect(error.message.startsWith(`${path} is not a usable GGUF model: `)).toBe(true)
  })

  test('is refused without reading or allocating the claimed size, even in a file that is large enough', async () => {
    const claims: Buffer[] = [
      gguf({ claimedEntries: 60_000n }),
      gguf({ entries: [arrayEntry('x.y', 8, 2n ** 30n)] }),
      gguf({ entries: [entry('general.name', 8, u64(2n ** 33n))] }),
      gguf({ claimedEntries: 2n, entries: [entry('x.y', 8, u64(2n ** 38n))] }),
      gguf({ claimedEntries: 1n, entries: [u64(2n ** 33n)] }),
      gguf({ claimedTensors: 2n ** 30n }),
      gguf({ tensors: [u64(2n ** 33n)] }),
    ]
    for (const bytes of claims) {
      const path = write(bytes)
      // Sparse: nothing is written after the header, so reads return zeros.
      truncateSync(path, 2 ** 40)
      Bun.gc(true)
      const before = process.memoryUsage().rss
      await refusal(path)
      expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024)
    }
  })

  test('never leads to another error, whichever single byte is damaged', async () => {
    const sound = smallModel([arrayEntry('tokenizer.ggml.tokens', 8, 2, text('a'), text('bc'))])
    const path = write(sound)
    for (let at = 0; at < sound.length - 128; at++) {
      for (const value of [0x00, 0x7f, 0xff]) {
        const damaged = Buffer.from(sound)
        damaged[at] = value
        writeFileSync(path, damaged)
        // Some damage still gives a valid header: only the kind of error matters.
        await readGgufHeader(path).catch((error: unknown) => {
          expect((error as Hal0Error).code, `byte ${at} set to ${value}`).toBe('model.invalid_file')
        })
      }
    }
  })
})

test('a missing file is a storage error, not a broken model', async () => {
  await expect(readGgufHeader(join(tempDir(), 'none.gguf'))).rejects.toMatchObject({ code: 'storage.failed' })
})
