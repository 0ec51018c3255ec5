/** An origin that always does the same wrong thing: which code it gets, and what is kept. */
import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../../src/lib/clock.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import { download } from '../../../../src/models/pull/download/download.ts'
import type { Origin } from '../../../../src/models/pull/origin/origin.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { attempt, problemOfSuccess, remoteOf, sha256, small } from '../fixture.ts'
import { type Asked, type Reply, rawServer } from '../raw-origin.ts'
import { honest, type MisdeedName, misdeeds } from '../replies.ts'
import { bytesOf, seeded } from '../seeded.ts'

const name = 'model.gguf'
const content = bytesOf(4711, 1_500_000)
const files = [remoteOf(name, content)]

const against = async (reply: (asked: Asked, no: number) => Reply) => {
  const folder = join(tempDir(), '.pull-model')
  const server = rawServer(reply)
  const outcome = await attempt({ folder, url: server.url, files })
  return { folder, server, outcome }
}

const codeOf = (outcome: unknown): string => (outcome instanceof Hal0Error ? outcome.code : 'done')

describe('an origin that always', () => {
  test.each([
    ['closes without a word', 'pull.network'],
    ['answers 416', 'pull.network'],
    ['answers 500', 'pull.network'],
    ['limits the rate', 'pull.rate_limited'],
    ['changes its ETag', 'pull.network'],
    ['states another range', 'pull.network'],
    ['states another size', 'pull.network'],
    ['states no range', 'pull.network'],
    ['sends gzip', 'pull.network'],
    ['sends too much', 'pull.network'],
  ] as [MisdeedName, string][])('%s ends the pull with %s and promotes nothing', async (misdeed, code) => {
    const random = seeded(1)
    const { folder, outcome } = await against((asked) => misdeeds[misdeed](content, asked, random))
    expect(codeOf(outcome)).toBe(code)
    expect(readdirSync(folder).sort()).toEqual([`${name}.partial`, `${name}.ranges.json`])
  })

  test('ignores Range gets one request for the whole, and the file is right', async () => {
    const { folder, server, outcome } = await against((asked) => misdeeds['ignores Range'](content, asked))
    expect(codeOf(outcome)).toBe('done')
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
    expect(server.asked.filter(({ range }) => range === null).length).toBe(1)
  })

  test('ignores Range twice at the same moment still gives the right file', async () => {
    const waiting: (() => void)[] = []
    let opened = 0
    const origin: Origin = {
      async open() {
        // The first two, of two connections, are answered in one go.
        if (++opened <= 2) {
          const { promise, resolve } = Promise.withResolvers<void>()
          waiting.push(resolve)
          if (waiting.length === 2) for (const go of waiting) go()
          await promise
        }
        const body = new Blob([Uint8Array.from(content)]).stream()
        const contentLength = content.length
        return { status: 200, contentRange: null, contentLength, contentEncoding: null, etag: null, body }
      },
    }
    const folder = join(tempDir(), '.pull-model')
    const { signal } = new AbortController()
    await download(
      { folder, commit: 'c', files },
      { origin, clock: systemClock, signal, onProgress: () => {}, settings: small },
    )
    expect(opened).toBe(3)
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })

  test('stalls is given up after the set time, and the sentence says so', async () => {
    const { outcome } = await against((asked) => ({ ...honest(content, asked), body: new Uint8Array(), after: 'hang' }))
    expect(codeOf(outcome)).toBe('pull.network')
    expect((outcome as Hal0Error).message).toContain(`sent nothing for ${small.stallMs / 1000} s`)
  })

  test('sends other bytes gets a checksum mismatch with both sums, and nothing of them is kept', async () => {
    const wrong = bytesOf(1, content.length)
    const { folder, outcome } = await against((asked) => honest(wrong, asked))
    expect(outcome).toMatchObject({
      code: 'pull.checksum_mismatch',
      details: { file: name, expected: sha256(content), actual: sha256(wrong) },
    })
    expect(readdirSync(folder)).toEqual([])
  })
})

test.each(['states another range', 'states another size', 'states no range', 'sends gzip'] as const)(
  'of an origin that %s nothing counts as written',
  async (misdeed) => {
    const { folder } = await against((asked) => misdeeds[misdeed](content, asked, seeded(1)))
    const journal = JSON.parse(readFileSync(join(folder, `${name}.ranges.json`), 'utf8')) as { written: unknown[] }
    expect(journal.written).toEqual([])
  },
)

describe('an origin that does once what may happen:', () => {
  test('an ETag that changes makes the file start over, once', async () => {
    const old = bytesOf(2, content.length)
    const { folder, outcome } = await against((asked, no) =>
      no <= 3 ? honest(old, asked, '"old"') : honest(content, asked, '"new"'),
    )
    expect(codeOf(outcome)).toBe('done')
    expect(problemOfSuccess(folder, { [name]: content })).toBeNull()
  })

  test('one gzipped answer is asked for again', async () => {
    const { outcome } = await against((asked, no) =>
      no === 1 ? misdeeds['sends gzip'](content, asked) : honest(content, asked),
    )
    expect(codeOf(outcome)).toBe('done')
  })

  test('a dropped connection costs nothing that had been written: only the rest of its segment is asked for', async () => {
    const { server, outcome } = await against((asked, no) => {
      const reply = honest(content, asked)
      return no === 2 ? { ...reply, body: reply.body.subarray(0, 100_000), after: 'reset' } : reply
    })
    expect(codeOf(outcome)).toBe('done')
    const bytes = server.asked.reduce((sum, { range }) => sum + (range === null ? 0 : range.to - range.from), 0)
    expect(bytes - content.length).toBeLessThanOrEqual(small.segmentBytes)
  })

  test('a refusal of the origin that no other try will change is told at once', async () => {
    const gone = new Hal0Error('pull.gated', 'Ask for access first.')
    let asked = 0
    const origin: Origin = {
      open: () => {
        asked++
        return Promise.reject(gone)
      },
    }
    const pull = download(
      { folder: join(tempDir(), '.pull-model'), commit: 'c', files },
      {
        origin,
        clock: systemClock,
        signal: new AbortController().signal,
        onProgress: () => {},
        settings: small,
      },
    )
    await expect(pull).rejects.toBe(gone)
    // One segment for each of the two connections.
    expect(asked).toBeLessThanOrEqual(2)
  })
})

describe('a file that the hub knows by its git sum', () => {
  const gitSum = (bytes: Uint8Array): string =>
    createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')

  test.each([0, 1, 300_000])('of %d bytes is verified, and its sha256 is told', async (length) => {
    const blob = bytesOf(3, length)
    const server = rawServer((asked) => honest(blob, asked))
    const folder = tempDir()
    const remote = { path: name, size: length, sum: { kind: 'git-sha1' as const, hex: gitSum(blob) } }
    const outcome = await attempt({ folder, url: server.url, files: [remote] })
    expect(outcome).toEqual([{ path: name, name, size: length, sha256: sha256(blob) }])
    expect(problemOfSuccess(folder, { [name]: blob })).toBeNull()
  })

  test('and that is another one is refused', async () => {
    const server = rawServer((asked) => honest(content, asked))
    const folder = tempDir()
    const remote = { path: name, size: content.length, sum: { kind: 'git-sha1' as const, hex: gitSum(bytesOf(9, 10)) } }
    const outcome = await attempt({ folder, url: server.url, files: [remote] })
    expect(codeOf(outcome)).toBe('pull.checksum_mismatch')
    expect(existsSync(join(folder, name))).toBe(false)
  })
})
