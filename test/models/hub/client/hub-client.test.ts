/** The client against the fake hub that the hub's own client downloads from. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import type { HubDeps } from '../../../../src/models/hub/client/hub-access.ts'
import { HubClient } from '../../../../src/models/hub/client/hub-client.ts'
import type { Fetch } from '../../../../src/models/hub/client/redirects.ts'
import { FakeHub } from '../../../support/fake-hub/fake-hub.ts'
import { freePorts } from '../../../support/free-ports.ts'

const token = 'hf_reader'
const content = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff)
const small = new TextEncoder().encode('{"model_type": "tiny"}\n')
const sha256 = createHash('sha256').update(content).digest('hex')
const gitSha1 = createHash('sha1').update(`blob ${small.length}\0`).update(small).digest('hex')
const signal = new AbortController().signal

let hub: FakeHub
const files = [
  { path: 'Q4/tiny Q4_K_M.gguf', content },
  { path: 'config.json', content: small },
]
beforeEach(async () => {
  hub = await FakeHub.start({
    tokens: ['hf_stranger'],
    repos: [
      { id: 'acme/tiny', files, downloads: 5 },
      { id: 'acme/tiny-gated', files, gated: 'auto', readers: [token], downloads: 9 },
    ],
  })
})
afterEach(() => hub.stop())

const client = (changes: Partial<HubDeps> & { as?: string | null } = {}): HubClient => {
  const { as = null, ...deps } = changes
  const endpoints = [{ url: hub.url, takesToken: true }]
  return new HubClient({ fetch, endpoints, token: async () => as, offline: false, now: Date.now, ...deps })
}
const commit = (repo = 'acme/tiny'): string => hub.repos.get(repo)?.resolve('main') ?? ''
const big = (repo = 'acme/tiny') => ({ repo, commit: commit(repo), path: 'Q4/tiny Q4_K_M.gguf' })
const bytesOf = (body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> => new Response(body).bytes()
const failure = async (promise: Promise<unknown>): Promise<Hal0Error> => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Hal0Error) return error
  throw new Error(`not a Hal0Error: ${Bun.inspect(error)}`)
}
const kinds = () => hub.log.map(({ server }) => server)

describe('a repository', () => {
  test('is its commit and its files, with the checksums to verify against', async () => {
    const found = await client().repository('acme/tiny', 'main', signal)
    expect(found).toEqual({
      repo: 'acme/tiny',
      commit: commit(),
      gated: false,
      files: [
        { path: 'Q4/tiny Q4_K_M.gguf', size: 300_000, sha256, blobSha1: null },
        { path: 'config.json', size: small.length, sha256: null, blobSha1: gitSha1 },
      ],
      refused: [],
    })
  })

  test('has the files of all pages of its tree', async () => {
    hub.pageSize = 7
    const many = Array.from({ length: 50 }, (_, at) => ({
      path: `folder/${String(at).padStart(2, '0')}.txt`,
      content: small,
    }))
    hub.add({ id: 'acme/many', files: many })
    const found = await client().repository('acme/many', 'main', signal)
    expect(found.files.map(({ path }) => path)).toEqual(many.map(({ path }) => path))
    expect(hub.log.filter(({ target }) => target.includes('/tree/')).length).toBe(8)
  })

  test('that is gated, without access, has no checksums: asterisks do not count', async () => {
    const found = await client().repository('acme/tiny-gated', 'main', signal)
    expect(found.gated).toBe(true)
    expect(found.files[0]).toEqual({ path: 'Q4/tiny Q4_K_M.gguf', size: 300_000, sha256: null, blobSha1: null })
    const read = await client({ as: token }).repository('acme/tiny-gated', 'main', signal)
    expect(read.files[0]?.sha256).toBe(sha256)
  })

  test('that claims a name which leads out of a folder is not believed', async () => {
    for (const id of ['acme/../../../../tmp/x', 'acme/..', '/etc/passwd', 'acme/tiny/../..', 'acme\\..\\x/y']) {
      const lying: typeof fetch = Object.assign(
        async (...args: Parameters<typeof fetch>) => {
          const answer = await fetch(...args)
          return String(args[0]).includes('/revision/') ? Response.json({ ...(await answer.json()), id }) : answer
        },
        { preconnect: fetch.preconnect },
      )
      const error = await failure(client({ fetch: lying }).repository('acme/tiny', 'main', signal))
      expect([id, error.code, error.message]).toEqual([
        id,
        'pull.network',
        expect.stringContaining('id must be OWNER/NAME'),
      ])
    }
  })

  test('that was renamed has its new name', async () => {
    hub.repos.get('acme/tiny')?.oldIds.push('acme/former')
    expect((await client().repository('acme/former', 'main', signal)).repo).toBe('acme/tiny')
  })

  test('leaves out paths that must not become files here', async () => {
    const bad = ['../../etc/cron.d/x.gguf', '/etc/passwd', 'a\\b.gguf', 'ok.gguf']
    hub.add({ id: 'acme/evil', files: bad.map((path) => ({ path, content: small })) })
    const found = await client().repository('acme/evil', 'main', signal)
    expect(found.files.map(({ path }) => path)).toEqual(['ok.gguf'])
    expect(found.refused.sort()).toEqual(bad.slice(0, 3).sort())
  })

  test.each([
    ['acme/none', 'main', null, 'pull.unauthorized'],
    ['acme/none', 'main', 'hf_stranger', 'pull.not_found'],
    ['acme/tiny', 'none', null, 'pull.not_found'],
    ['../etc', 'main', null, 'request.invalid'],
    ['acme/../../x', 'main', null, 'request.invalid'],
  ])('%s at %s, asked with token %p, is %s', async (repo, revision, as, code) => {
    expect((await failure(client({ as }).repository(repo, revision, signal))).code).toBe(code as Hal0Error['code'])
  })

  test.each([
    ['a page of another origin', () => `<${hub.cdnUrl}/api/models/acme/tiny/tree/main>; rel="next"`],
    ['a page that is no address', () => '<http://[x>; rel="next"'],
  ])('whose tree names %s next is refused, and nobody is asked', async (_, link) => {
    hub.behave = ({ kind, path }) => (kind === 'api' && path.includes('/tree/') ? { headers: { link: link() } } : null)
    expect((await failure(client({ as: token }).repository('acme/tiny', 'main', signal))).code).toBe('pull.network')
    expect(kinds()).toEqual(['hub', 'hub'])
  })

  test('with more GGUF files than can be chosen from without delaying others is refused with advice', async () => {
    const entry = { type: 'file', oid: 'a'.repeat(40), size: 1 }
    const page = (name: string) =>
      Response.json(Array.from({ length: 1000 }, (_, i) => ({ ...entry, path: `${i}${name}` })))
    const asked: string[] = []
    const pagesOf = (names: string[]) => async (url: string | URL | Request) => {
      const { pathname } = new URL(String(url))
      asked.push(pathname)
      if (!pathname.includes('/tree/')) return Response.json({ id: 'acme/tiny', sha: 'a'.repeat(40) })
      const answer = page(names[asked.length - 2] ?? '')
      if (asked.length <= names.length) answer.headers.set('link', `<${url}>; rel="next"`)
      return answer
    }
    const list = (names: string[]) => client({ fetch: pagesOf(names) as Fetch }).repository('acme/tiny', 'main', signal)
    expect((await list([...Array(2).fill('-Q8_0.gguf'), ...Array(8).fill('.safetensors')])).files).toHaveLength(10_000)
    asked.length = 0
    const error = await failure(list(Array(100).fill('-Q8_0.gguf')))
    expect([error.code, error.message]).toEqual(['request.unsupported', expect.stringContaining('hal0 model import')])
    // Nothing is read that is of no use any more.
    expect(asked).toHaveLength(4)
  })

  test('whose tree never ends is refused', async () => {
    const link = `<${hub.url}/api/models/acme/tiny/tree/${commit()}?cursor=0>; rel="next"`
    hub.behave = ({ kind, path }) => (kind === 'api' && path.includes('/tree/') ? { headers: { link } } : null)
    const error = await failure(client().repository('acme/tiny', 'main', signal))
    expect(error.message).toContain('100 pages')
  })
})

test.each([
  ['a login page', new Response('<html>Sign in to the hotel</html>'), 'not JSON'],
  ['other JSON', Response.json({ error: null }), 'does not understand'],
  ['no commit', Response.json({ id: 'acme/tiny', sha: '../../x' }), 'sha'],
  ['too much', new Response(new Uint8Array(17 * 1024 * 1024)), 'sent more than'],
])('%s instead of the hub’s JSON is pull.network', async (_, response, why) => {
  const stranger: Fetch = async () => response
  const error = await failure(client({ fetch: stranger }).repository('acme/tiny', 'main', signal))
  expect(error).toMatchObject({ code: 'pull.network', message: expect.stringContaining(why) })
})

test('JSON that is cut off or never ends is pull.network', async () => {
  hub.behave = ({ kind }) => (kind === 'api' ? { resetAfter: 20 } : null)
  expect((await failure(client().repository('acme/tiny', 'main', signal))).code).toBe('pull.network')
  hub.behave = ({ kind }) => (kind === 'api' ? { stall: { after: 20, ms: 60_000 } } : null)
  const error = await failure(client({ jsonMs: 100 }).repository('acme/tiny', 'main', signal))
  expect(error.message).toContain('was not done within')
})

test('search leaves out what has no name of a repository', async () => {
  hub.add({ id: '../../etc', files })
  expect((await client().search('', 10, signal)).map(({ repo }) => repo)).toEqual(['acme/tiny-gated', 'acme/tiny'])
})

test('search lists models with the most downloads first', async () => {
  const found = await client().search('tiny', 10, signal)
  expect(found.map(({ repo, gated }) => [repo, gated])).toEqual([
    ['acme/tiny-gated', true],
    ['acme/tiny', false],
  ])
  expect(found[0]).toMatchObject({
    downloads: 9,
    architecture: 'qwen2',
    parameters: 494_032_768,
    contextLength: 32_768,
  })
  expect(hub.log[0]?.target).toContain('filter=gguf')
  expect((await client().search('a&b=c', 10, signal)).length).toBe(0)
})

describe('a range of a file', () => {
  test('is what was requested, with what the hub says about the whole file', async () => {
    const opened = await client().open(big(), 1000, 2000, signal)
    expect(await bytesOf(opened.body)).toEqual(content.slice(1000, 2000))
    expect(opened).toMatchObject({
      status: 206,
      contentRange: { from: 1000, to: 2000, size: 300_000 },
      contentLength: 1000,
      contentEncoding: null,
      etag: null,
      linkedEtag: sha256,
      linkedSize: 300_000,
      commit: commit(),
    })
  })

  test('may be the rest, or the whole file without a Range', async () => {
    const hal0 = client()
    const rest = await hal0.open(big(), 299_990, null, signal)
    expect([rest.status, await bytesOf(rest.body)]).toEqual([206, content.slice(299_990)])
    const whole = await hal0.open(big(), 0, null, signal)
    expect([whole.status, await bytesOf(whole.body)]).toEqual([200, content])
    expect(hub.log.at(-1)?.headers.has('range')).toBe(false)
  })

  test('of a small file comes from the hub itself, with or without its cache', async () => {
    for (const cache of [true, false]) {
      hub.resolveCache = cache
      const opened = await client().open({ repo: 'acme/tiny', commit: commit(), path: 'config.json' }, 2, 5, signal)
      expect(await bytesOf(opened.body)).toEqual(small.slice(2, 5))
      expect(opened).toMatchObject({ etag: gitSha1, linkedEtag: null, commit: commit() })
    }
  })

  test('beyond the end is 416 without a body', async () => {
    expect(await client().open(big(), 300_000, null, signal)).toMatchObject({ status: 416, body: null })
  })

  test('that is empty or negative is not requested', async () => {
    for (const [from, to] of [
      [5, 5],
      [-1, 5],
      [0.5, 3],
      [9, 2],
    ] as const) {
      expect((await failure(client().open(big(), from, to, signal))).code).toBe('request.invalid')
    }
    expect(hub.log).toEqual([])
  })

  test('of a renamed repository is found', async () => {
    hub.repos.get('acme/tiny')?.oldIds.push('acme/former')
    const opened = await client().open({ ...big(), repo: 'acme/former' }, 0, 10, signal)
    expect(await bytesOf(opened.body)).toEqual(content.slice(0, 10))
  })

  test('is passed on unchanged, whatever the storage does to it', async () => {
    const misbehaviours = [
      [{ ignoreRange: true as const }, { status: 200, contentRange: null, contentLength: 300_000 }],
      [{ contentRange: 'bytes 7-16/300000' }, { status: 206, contentRange: { from: 7, to: 17, size: 300_000 } }],
      [{ gzip: true as const }, { status: 206, contentEncoding: 'gzip' }],
      [{ etag: 'other' }, { status: 206, etag: 'other', linkedEtag: sha256 }],
      [{ notSatisfiable: true as const }, { status: 416, body: null }],
      [{ extraBytes: 5 }, { status: 206, contentLength: 15 }],
    ] as const
    for (const [misbehaviour, seen] of misbehaviours) {
      hub.behave = ({ kind }) => (kind === 'cdn' ? misbehaviour : null)
      const opened = await client().open(big(), 0, 10, signal)
      expect(opened).toMatchObject(seen)
      const body = await bytesOf(opened.body)
      if (opened.contentEncoding === 'gzip') expect(Bun.gunzipSync(new Uint8Array(body))).toEqual(content.slice(0, 10))
    }
  })

  test('whose body is cut off is an error for its reader, never a short file', async () => {
    for (const misbehaviour of [{ resetAfter: 1000 }, { closeAfter: 1000 }]) {
      hub.behave = ({ kind }) => (kind === 'cdn' ? misbehaviour : null)
      const opened = await client().open(big(), 0, null, signal)
      await expect(bytesOf(opened.body)).rejects.toThrow()
    }
  })

  test('ends when its reader aborts', async () => {
    hub.behave = ({ kind }) => (kind === 'cdn' ? { stall: { after: 10, ms: 60_000 } } : null)
    const abort = new AbortController()
    const opened = await client().open(big(), 0, null, abort.signal)
    const reading = bytesOf(opened.body)
    abort.abort()
    await expect(reading).rejects.toThrow()
  })

  test('is refused with the right error for each reason', async () => {
    const missing = await failure(client().open({ ...big(), path: 'none.gguf' }, 0, 1, signal))
    expect(missing).toMatchObject({ code: 'pull.not_found', message: expect.stringContaining('none.gguf') })
    const gated = big('acme/tiny-gated')
    expect((await failure(client().open(gated, 0, 1, signal))).code).toBe('pull.gated')
    expect((await failure(client({ as: 'hf_stranger' }).open(gated, 0, 1, signal))).code).toBe('pull.gated')
    expect((await client({ as: token }).open(gated, 0, 1, signal)).status).toBe(206)
  })

  test('is not requested when the hub limits the rate, and the error says when to try again', async () => {
    hub.rateLimit = { left: 0, resetS: 172 }
    const error = await failure(client().open(big(), 0, 1, signal))
    expect(error).toMatchObject({ code: 'pull.rate_limited', retryAfterS: 173 })
  })
})

describe('the storage’s address', () => {
  test('is used again for further ranges', async () => {
    const hal0 = client()
    for (const from of [0, 10, 20]) {
      const opened = await hal0.open(big(), from, from + 10, signal)
      expect(await bytesOf(opened.body)).toEqual(content.slice(from, from + 10))
      expect(opened).toMatchObject({ linkedEtag: sha256, linkedSize: 300_000, commit: commit() })
    }
    expect(kinds()).toEqual(['hub', 'cdn', 'cdn', 'cdn'])
  })

  test('is requested again when the storage refuses it', async () => {
    const hal0 = client()
    await (await hal0.open(big(), 0, 10, signal)).body?.cancel()
    hub.storage.expireAll()
    const opened = await hal0.open(big(), 10, 20, signal)
    expect(await bytesOf(opened.body)).toEqual(content.slice(10, 20))
    expect(kinds()).toEqual(['hub', 'cdn', 'cdn', 'hub', 'cdn'])
  })

  test('is requested again when it has expired, without trying the old one', async () => {
    let now = Date.now()
    const hal0 = client({ now: () => now })
    await (await hal0.open(big(), 0, 10, signal)).body?.cancel()
    now += 3_600_000
    await (await hal0.open(big(), 10, 20, signal)).body?.cancel()
    expect(kinds()).toEqual(['hub', 'cdn', 'hub', 'cdn'])
  })

  test('that was refused is not tried again, even if there is no new one', async () => {
    const hal0 = client()
    await (await hal0.open(big(), 0, 10, signal)).body?.cancel()
    hub.storage.expireAll()
    hub.behave = ({ kind, attempt }) => (kind === 'resolve' && attempt === 2 ? { status: 500 } : null)
    expect((await failure(hal0.open(big(), 10, 20, signal))).code).toBe('pull.network')
    expect((await hal0.open(big(), 10, 20, signal)).status).toBe(206)
    expect(kinds()).toEqual(['hub', 'cdn', 'cdn', 'hub', 'hub', 'cdn'])
  })

  test('that fails otherwise is forgotten', async () => {
    const hal0 = client()
    await (await hal0.open(big(), 0, 10, signal)).body?.cancel()
    hub.behave = ({ kind, attempt }) => (kind === 'cdn' && attempt === 2 ? { status: 500 } : null)
    expect((await failure(hal0.open(big(), 10, 20, signal))).code).toBe('pull.network')
    expect((await hal0.open(big(), 10, 20, signal)).status).toBe(206)
    expect(kinds()).toEqual(['hub', 'cdn', 'cdn', 'hub', 'cdn'])
  })

  test('that is refused even when new is pull.network without the signature in the error', async () => {
    hub.behave = ({ kind }) => (kind === 'cdn' ? { status: 403 } : null)
    const error = await failure(client().open(big(), 0, 10, signal))
    expect(error.code).toBe('pull.network')
    expect(Bun.inspect(error)).not.toContain('Signature')
    expect(kinds()).toEqual(['hub', 'cdn'])
  })
})

describe('endpoints', () => {
  const dead = async () => ({ url: `http://127.0.0.1:${await freePorts(1)}`, takesToken: false })
  const alive = () => ({ url: hub.url, takesToken: true })

  test('are tried in order when one cannot be reached or fails', async () => {
    const other = await FakeHub.start()
    other.behave = () => ({ status: 503 })
    const broken = { url: other.url, takesToken: true }
    const hal0 = client({ endpoints: [await dead(), broken, alive()], as: token })
    expect((await hal0.repository('acme/tiny', 'main', signal)).commit).toBe(commit())
    expect(other.log.length).toBe(1)
    // The endpoint that answered also gets the range requests.
    await (await hal0.open(big(), 0, 10, signal)).body?.cancel()
    expect(other.log.length).toBe(1)
    await other.stop()
  })

  test('are not tried further when one has refused', async () => {
    for (const limit of [null, { left: 0, resetS: 5 }]) {
      const other = await FakeHub.start()
      other.rateLimit = limit
      const endpoints = [{ url: other.url, takesToken: true }, alive()]
      const error = await failure(client({ endpoints }).repository('acme/tiny', 'main', signal))
      expect(error.code).toBe(limit === null ? 'pull.unauthorized' : 'pull.rate_limited')
      await other.stop()
    }
    expect(hub.log).toEqual([])
  })

  test('that all fail are all named', async () => {
    const endpoints = [await dead(), await dead()]
    const error = await failure(client({ endpoints }).repository('acme/tiny', 'main', signal))
    expect(error.code).toBe('pull.network')
    expect(error.details.tried).toEqual(endpoints.map(({ url }) => url))
  })

  test('may have a path', async () => {
    const asked: string[] = []
    const get: Fetch = async (url) => {
      asked.push(url)
      return new Response('', { status: 404 })
    }
    const hal0 = client({ fetch: get, endpoints: [{ url: 'https://nas.example/hf', takesToken: false }] })
    await failure(hal0.repository('acme/tiny', 'refs/pr/1', signal))
    await failure(hal0.open(big(), 0, 1, signal))
    expect(asked).toEqual([
      'https://nas.example/hf/api/models/acme/tiny/revision/refs%2Fpr%2F1',
      `https://nas.example/hf/acme/tiny/resolve/${commit()}/Q4/tiny%20Q4_K_M.gguf`,
    ])
  })

  test('get no requests at all when offline', async () => {
    const hal0 = client({ offline: true })
    for (const ask of [
      hal0.repository('acme/tiny', 'main', signal),
      hal0.search('x', 1, signal),
      hal0.open(big(), 0, 1, signal),
    ]) {
      expect((await failure(ask)).message).toContain('HF_HUB_OFFLINE')
    }
    expect(hub.log).toEqual([])
  })
})

describe('the token', () => {
  const holders = (log: FakeHub['log']) =>
    log.filter((request) => JSON.stringify([request.target, ...request.headers]).includes(token))

  test('is sent to the hub with every request, and never to the storage', async () => {
    const hal0 = client({ as: token })
    await hal0.repository('acme/tiny-gated', 'main', signal)
    await (await hal0.open(big('acme/tiny-gated'), 0, 10, signal)).body?.cancel()
    await (await hal0.open(big('acme/tiny-gated'), 10, 20, signal)).body?.cancel()
    expect(kinds()).toEqual(['hub', 'hub', 'hub', 'cdn', 'cdn'])
    expect(holders(hub.log)).toEqual(hub.log.filter(({ server }) => server === 'hub'))
  })

  test('is not sent to an endpoint that it is not meant for, wherever that redirects', async () => {
    hub.behave = ({ kind }) => (kind === 'resolve' ? { status: 302, headers: { location: `${hub.url}/x` } } : null)
    const hal0 = client({ as: token, endpoints: [{ url: hub.url, takesToken: false }] })
    await failure(hal0.open(big(), 0, 10, signal))
    expect(hub.log.length).toBeGreaterThan(1)
    expect(holders(hub.log)).toEqual([])
  })

  test('is not sent to a mirror that is asked before the hub', async () => {
    const mirror = await FakeHub.start()
    mirror.behave = () => ({ status: 503 })
    const endpoints = [
      { url: mirror.url, takesToken: false },
      { url: hub.url, takesToken: true },
    ]
    await client({ as: token, endpoints }).repository('acme/tiny', 'main', signal)
    expect(mirror.log.length).toBe(1)
    expect(holders(mirror.log)).toEqual([])
    expect(holders(hub.log).length).toBe(2)
    await mirror.stop()
  })

  test('is read again for each request', async () => {
    let current: string | null = null
    const hal0 = client({ token: async () => current })
    expect((await failure(hal0.open(big('acme/tiny-gated'), 0, 1, signal))).code).toBe('pull.gated')
    current = token
    expect((await hal0.open(big('acme/tiny-gated'), 0, 1, signal)).status).toBe(206)
  })

  test('is in no error', async () => {
    const hal0 = client({ as: token })
    hub.behave = () => ({ status: 403, headers: { 'x-error-message': `who is ${token}?` } })
    const errors = [
      await failure(hal0.open(big(), 0, 1, signal)),
      await failure(hal0.repository('acme/tiny', 'main', signal)),
    ]
    await hub.stop()
    errors.push(await failure(hal0.repository('acme/tiny', 'main', signal)))
    hub = await FakeHub.start()
    for (const error of errors) expect(Bun.inspect(error) + JSON.stringify(error.body())).not.toContain(token)
  })
})
