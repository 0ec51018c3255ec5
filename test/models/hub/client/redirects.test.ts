/** Who gets the token: every way a redirect can lead, with everything that was sent recorded. */
import { describe, expect, test } from 'bun:test'
import type { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import { type Fetch, followRedirects } from '../../../../src/models/hub/client/redirects.ts'

const token = 'hf_verysecret'

/** Redirects: address → next Location; any other address answers 200. */
const web = (links: Record<string, string>) => {
  const sent: { origin: string; url: string; token: boolean; headers: Record<string, string> }[] = []
  const get: Fetch = async (url, init) => {
    const headers = new Headers(init.headers)
    const all = [url, ...headers.values()].join('\n')
    sent.push({ origin: new URL(url).origin, url, token: all.includes(token), headers: Object.fromEntries(headers) })
    const location = links[url]
    return location === undefined
      ? new Response('content', { status: 200 })
      : new Response(null, { status: 302, headers: { location } })
  }
  return { get, sent }
}

const follow = (get: Fetch, start: string, signal = new AbortController().signal, answerMs = 1000) =>
  followRedirects(get, new URL(start), {
    endpointOrigin: new URL(start).origin,
    token,
    headers: { range: 'bytes=5-9' },
    signal,
    answerMs,
  })

describe('the token goes to the endpoint’s own origin only', () => {
  const start = 'https://hub.example/a'
  test.each([
    ['no redirect', {}, [true]],
    ['same host', { [start]: 'https://hub.example/b' }, [true, true]],
    ['same host, by its port’s name', { [start]: 'https://hub.example:443/b' }, [true, true]],
    ['relative', { [start]: '/api/resolve-cache/x' }, [true, true]],
    ['without a scheme', { [start]: '//cdn.example/b' }, [true, false]],
    ['other host', { [start]: 'https://cdn.example/b' }, [true, false]],
    ['a host below it', { [start]: 'https://cdn.hub.example/b' }, [true, false]],
    ['a host that begins like it', { [start]: 'https://hub.example.evil.example/b' }, [true, false]],
    ['other port', { [start]: 'https://hub.example:8443/b' }, [true, false]],
    [
      'two hops',
      { [start]: 'https://hub.example/b', 'https://hub.example/b': 'https://cdn.example/c' },
      [true, true, false],
    ],
    [
      'away and on',
      { [start]: 'https://a.example/b', 'https://a.example/b': 'https://b.example/c' },
      [true, false, false],
    ],
    ['relative at another host', { [start]: 'https://a.example/b', 'https://a.example/b': '/c' }, [true, false, false]],
  ])('%s', async (_, links, tokens) => {
    const { get, sent } = web(links)
    const { response } = await follow(get, start)
    expect(response.status).toBe(200)
    expect(sent.map((request) => request.token)).toEqual(tokens)
    for (const request of sent) expect(request.token).toBe(request.origin === 'https://hub.example')
  })

  test('an http endpoint does not send it to https of the same host', async () => {
    const { get, sent } = web({ 'http://hub.example/a': 'https://hub.example/a' })
    await follow(get, 'http://hub.example/a')
    expect(sent.map((request) => request.token)).toEqual([true, false])
  })
})

describe('refused, with no further request and without the address in the error', () => {
  const start = 'https://hub.example/a'
  test.each([
    ['https to http, same host', 'http://hub.example/b?sig=abc'],
    ['https to http, other host', 'http://cdn.example/b?sig=abc'],
    ['a file of this machine', 'file:///etc/passwd?sig=abc'],
    ['data', 'data:text/plain,sig=abc'],
    ['an address with a password', 'https://user:sig=abc@cdn.example/'],
    ['no address', 'https://[sig=abc'],
  ])('%s', async (_, location) => {
    const { get, sent } = web({ [start]: location })
    const error = await follow(get, start).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'pull.network' })
    expect(JSON.stringify((error as Hal0Error).body())).not.toMatch(/sig=abc|verysecret/)
    expect(sent.length).toBe(1)
  })

  test('https to http in the second hop', async () => {
    const { get, sent } = web({ [start]: 'https://a.example/b', 'https://a.example/b': 'http://hub.example/c' })
    await expect(follow(get, start)).rejects.toMatchObject({ code: 'pull.network' })
    expect(sent.length).toBe(2)
  })

  test('a redirect without a Location', async () => {
    const get: Fetch = async () => new Response(null, { status: 307 })
    await expect(follow(get, start)).rejects.toMatchObject({ code: 'pull.network' })
  })

  test('a sixth redirect', async () => {
    const chain = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [at === 0 ? start : `https://hub.example/${at}`, `/${at + 1}`]),
      )
    const five = web(chain(5))
    expect((await follow(five.get, start)).response.status).toBe(200)
    const six = web(chain(6))
    await expect(follow(six.get, start)).rejects.toMatchObject({ code: 'pull.network' })
    expect(six.sent.length).toBe(6)
  })
})

test('an http endpoint may redirect from https to http, since it was never private', async () => {
  const { get } = web({ 'http://nas/a': 'https://cdn.example/b', 'https://cdn.example/b': 'http://cdn.example/c' })
  expect((await follow(get, 'http://nas/a')).url.href).toBe('http://cdn.example/c')
})

test('every step requests the range, and the bytes without encoding', async () => {
  const { get, sent } = web({ 'https://hub.example/a': 'https://cdn.example/b' })
  await follow(get, 'https://hub.example/a')
  for (const { headers } of sent) expect(headers).toMatchObject({ range: 'bytes=5-9', 'accept-encoding': 'identity' })
  expect(sent[1]?.headers).toEqual({ range: 'bytes=5-9', 'accept-encoding': 'identity' })
})

test('only the hub’s own headers about a file count', async () => {
  const get: Fetch = async (url) =>
    url.startsWith('https://hub.example')
      ? new Response(null, {
          status: 302,
          headers: { location: 'https://cdn.example/b', 'x-repo-commit': 'c1', 'x-linked-etag': '"sum"' },
        })
      : new Response('', { headers: { 'x-repo-commit': 'evil', 'x-linked-etag': '"evil"', 'x-linked-size': '666' } })
  expect((await follow(get, 'https://hub.example/a')).linked).toEqual({ commit: 'c1', etag: 'sum', size: null })
})

const silent: Fetch = (_, init) =>
  new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))))

test('a hub that does not answer times out', async () => {
  await expect(follow(silent, 'https://hub.example/a', undefined, 5)).rejects.toMatchObject({
    code: 'pull.network',
    message: expect.stringContaining('did not answer'),
  })
})

test('whoever aborts gets their own reason back', async () => {
  const abort = new AbortController()
  const following = follow(silent, 'https://hub.example/a', abort.signal)
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(following).rejects.toBe(reason)
})

test('a failing fetch becomes pull.network, its cause without the address', async () => {
  const get: Fetch = async () => {
    throw Object.assign(new Error('Unable to connect.'), { code: 'ConnectionRefused', path: 'https://cdn/?sig=abc' })
  }
  const error = await follow(get, 'https://hub.example/a').catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'pull.network', details: { origin: 'https://hub.example' } })
  expect(Bun.inspect(error)).toContain('ConnectionRefused')
  expect(Bun.inspect(error)).not.toContain('sig=abc')
})
