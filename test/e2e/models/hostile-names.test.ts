/**
 * Names from strangers that would lead out of the models folder: in requests, and in what a hub answers. The compiled binary runs
 * under strace, which sees every file that it touches.
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { strace, tracedTest } from '../../durability/kill-points/strace.ts'
import { seeded } from '../../models/pull/seeded.ts'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { HttpOrigin } from '../../support/fake-hub/http-origin.ts'
import { tempDir } from '../../support/temp-dir.ts'

setDefaultTimeout(1_200_000)

const isLong = process.env.HAL0_LONG === '1'
const names = isLong ? 100_000 : 2_000
/** In every name, so that a call on it is found in the trace. */
const marker = 'zq9x'
const seed = Number(process.env.HAL0_TEST_SEED ?? Math.floor(Math.random() * 1e9))

const pieces = [
  ...[
    '..',
    '.',
    '/',
    '//',
    '\\',
    '%2e%2e',
    '%2f',
    '%00',
    '\0',
    '~',
    '…',
    '‥',
    '．．',
    '/etc/passwd',
    '/proc/self/mem',
    'file://',
  ],
  ...[
    '\u202e',
    '\n',
    '\r',
    '\t',
    ' ',
    ':',
    '*',
    '$HOME',
    '`id`',
    ';',
    '|',
    '&',
    'C:',
    'NUL',
    '-',
    '--',
    '.gguf',
    '.json',
    'ü',
    '\ud800',
  ],
  ...[
    '.pull-',
    '.retired-',
    '.source-',
    'local--',
    'a',
    'A',
    '@',
    '#',
    '?',
    '=',
    '+',
    '.sha256',
    '.partial',
    '-00001-of-00002',
  ],
]

/** Names with the marker, of which many are traversals. */
const hostileNames = (count: number): string[] => {
  const random = seeded(seed)
  const pick = () => pieces[Math.floor(random() * pieces.length)] ?? ''
  return Array.from({ length: count }, () => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 7) }, pick)
    parts.splice(Math.floor(random() * (parts.length + 1)), 0, marker)
    const up = random() < 0.4 ? '../'.repeat(1 + Math.floor(random() * 6)) : ''
    return `${up}${parts.join('')}${random() < 0.6 ? '.gguf' : ''}`
  })
}

/** A hub that answers every question with the same names, whatever is asked. */
const startLyingHub = async (paths: readonly string[]): Promise<HttpOrigin> => {
  const commit = 'a'.repeat(40)
  const tree = paths.map((path) => ({
    type: 'file',
    oid: 'b'.repeat(40),
    size: 100,
    path,
    lfs: { oid: 'c'.repeat(64), size: 100 },
  }))
  const hub = new HttpOrigin(({ target }) => {
    const [, repo = ''] = /^\/api\/models\/([^/]+\/[^/]+)/.exec(target) ?? []
    const body = target.includes('/tree/') ? tree : { id: repo, sha: commit, gated: false }
    const isFile = target.includes('/resolve/')
    return {
      status: 200,
      headers: { 'content-type': 'application/json', 'x-repo-commit': commit },
      body: isFile ? Buffer.alloc(100, 'x') : Buffer.from(JSON.stringify(body)),
    }
  })
  await hub.start()
  return hub
}

/** Absolute paths that calls on files named, if they have the marker. A relative one is in the folder that strace shows before it. */
const touched = (trace: string): string[] =>
  [...readFileSync(trace, 'latin1').matchAll(/(?:<([^<>]*)>, )?"((?:\\.|[^"\\])*)"/g)]
    .filter(([, , path = '']) => path.includes(marker))
    .map(([, folder = '', path = '']) => resolve(folder, path))

tracedTest(`of ${names} hostile names none is touched outside of the models folder`, async () => {
  const made = hostileNames(names)
  const hub = await startLyingHub(made.slice(0, 500))
  const trace = join(tempDir(), 'trace')
  const daemon = await Daemon.prepare({
    env: { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  await daemon.launch(strace('%file', null, trace))
  const models = join(daemon.root, 'var/lib/hal0/models')
  const counts = new Map<number, number>()
  const ask = async (name: string, index: number): Promise<void> => {
    const [at, id] = [index % 5, `x${index % 50}`]
    const text = encodeURIComponent(name.toWellFormed())
    const answer =
      at === 0
        ? await daemon.call('POST', `/api/models/${id}/pull`, { repo: 'acme/tiny', file: name })
        : at === 1
          ? await daemon.call('POST', `/api/models/${id}/pull`, { repo: name, file: 'tiny.gguf' })
          : at === 2
            ? await daemon.call('POST', `/api/models/${text}/pull`, { repo: 'acme/tiny', file: 'a.gguf' })
            : at === 3
              ? await daemon.call('GET', `/api/models/${text}`)
              : await daemon.call('POST', `/api/models/${id}/pull`, {
                  repo: 'acme/tiny',
                  file: 'a.gguf',
                  revision: name,
                })
    counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1)
  }
  for (let from = 0; from < made.length; from += 16) {
    await Promise.all(made.slice(from, from + 16).map((name, index) => ask(name, from + index)))
  }
  await daemon.kill('SIGTERM')
  await hub.stop()
  const outside = touched(trace).filter((path) => !path.startsWith(`${models}/`))
  if (outside.length > 0) console.error(`HAL0_TEST_SEED=${seed}`)
  expect(outside).toEqual([])
  expect([...counts.keys()].filter((status) => status >= 500)).toEqual([])
  // Some names are harmless, and these are really pulled: so the trace does see what is touched.
  expect(counts.get(202) ?? 0).toBeGreaterThan(0)
  expect(touched(trace).length).toBeGreaterThan(0)
  expect(counts.get(400) ?? 0).toBeGreaterThan(names / 5)
})

test('a pull of ../../etc/passwd is refused at once, and leaves no record', async () => {
  const daemon = await Daemon.start()
  writeFileSync(join(daemon.root, 'var/lib/hal0/bait.gguf'), 'bait')
  for (const file of [
    '../../etc/passwd',
    '../bait.gguf',
    'a/../../bait.gguf',
    '/etc/passwd',
    '..\\bait.gguf',
    'a\0.gguf',
  ]) {
    const error = errorOf(await daemon.call('POST', '/api/models/x/pull', { repo: 'acme/tiny', file }))
    expect([file, error.code, error.param]).toEqual([file, 'request.invalid', 'file'])
  }
  expect(errorOf(await daemon.call('POST', '/api/models/x/pull', { repo: '../..', file: 'a.gguf' })).param).toBe('repo')
  expect((await daemon.call('GET', '/api/models/x/pull')).status).toBe(404)
  const models = join(daemon.root, 'var/lib/hal0/models')
  expect(existsSync(models) ? readdirSync(models) : []).toEqual([])
})
