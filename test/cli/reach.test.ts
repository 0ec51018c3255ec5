import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { FakeApi } from './support/fake-api.ts'
import { hal0 } from './support/run-cli.ts'
import { slot } from './support/samples.ts'

/** A port of 127.0.0.1 on which nothing listens. */
const closedPort = async (): Promise<number> => {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const port = server.port as number
  await server.stop(true)
  return port
}

/** How a daemon is started at that address from a checkout, where these tests run. */
const startAt = (url: string): string => `npm start -- --port ${new URL(url).port}`

describe('a daemon that is not there', () => {
  test('ends with 3, one sentence, and what to try', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`
    const { code, stdout, stderr } = await hal0(['status'], { url })
    expect(code).toBe(3)
    expect(stdout).toBe('')
    expect(stderr).toBe(`Error: hal0 is not reachable at ${url}.\nTry: ${startAt(url)}, or correct HAL0_URL\n`)
  })

  test('of every kind of command', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`
    for (const args of [
      ['slot', 'load', 'a'],
      ['slot', 'watch'],
      ['engine', 'list'],
      ['chat', 'a'],
      ['logs', '-f'],
    ]) {
      const { code, stderr } = await hal0(args, { url, stdin: 'hello' })
      expect({ args, code, stderr }).toEqual({
        args,
        code: 3,
        stderr: `Error: hal0 is not reachable at ${url}.\nTry: ${startAt(url)}, or correct HAL0_URL\n`,
      })
    }
  })

  test('that stops in the middle of its answer', async () => {
    const torn = Bun.listen({
      port: 0,
      hostname: '127.0.0.1',
      socket: {
        data: (socket) =>
          void socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n[{'),
      },
    })
    const { code, stderr } = await hal0(['slot', 'list'], { url: `http://127.0.0.1:${torn.port}` })
    torn.stop(true)
    expect(code).toBe(3)
    expect(stderr).toContain('not reachable')
  })
})

describe('something else on that port', () => {
  const answers: [string, () => Response][] = [
    ['a page', () => new Response('<h1>It works</h1>', { headers: { 'content-type': 'text/html' } })],
    ['half of a JSON', () => new Response('[{"config":', { headers: { 'content-type': 'application/json' } })],
    ['JSON of another kind', () => Response.json({ hello: 'world' })],
    ['nothing', () => new Response('')],
    ['a page saying 404', () => new Response('not here', { status: 404 })],
    ['an error that is no envelope', () => Response.json({ error: 'teapot' }, { status: 418 })],
    ['a redirect', () => Response.redirect('http://127.0.0.1:1/elsewhere')],
  ]
  for (const [what, answer] of answers) {
    test(`that answers with ${what} is reported in one plain sentence`, async () => {
      const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
      const { code, stdout, stderr } = await hal0(['slot', 'list'], { url: server.url.href })
      await server.stop(true)
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toMatch(
        /^Error: What answers at http:\/\/127\.0\.0\.1:\d+ does not answer like this version of hal0: .+\.\n {2}Port \d+ is held by ".+" \(process \d+.*\)\.\nTry: Stop that program, .+\n$/,
      )
    })
  }

  test('that is not an event stream', async () => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json([]) })
    const { code, stderr } = await hal0(['slot', 'watch'], { url: server.url.href })
    await server.stop(true)
    expect(code).toBe(1)
    expect(stderr).toContain('something other than events')
  })
})

describe('HAL0_URL', () => {
  for (const url of [
    'nonsense',
    'ftp://127.0.0.1',
    'http://127.0.0.1:99999',
    'http://x/?a=1',
    'http://me:secret@127.0.0.1',
  ]) {
    test(`${url} is wrong usage`, async () => {
      const { code, stderr } = await hal0(['status'], { url })
      expect(code).toBe(2)
      expect(stderr).toContain('HAL0_URL')
      expect(stderr).not.toContain('secret')
    })
  }

  test('may end with a slash, or with a path under which the daemon is', async () => {
    using api = new FakeApi({}, { 'GET /hal0/api/slots': () => Response.json([slot('deep', 'ready')]) })
    const { stdout } = await hal0(['slot', 'list', '--json'], { url: `${api.url}hal0/` })
    expect(JSON.parse(stdout)[0].config.name).toBe('deep')
  })
})

describe('requests', () => {
  const api = new FakeApi({ listSlots: () => [slot('primary', 'ready')], deleteSlot: () => undefined })
  let proxied = 0
  const proxy = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => {
      proxied += 1
      return new Response('the proxy')
    },
  })
  beforeAll(() => {
    api.calls.length = 0
  })
  afterAll(async () => {
    api[Symbol.dispose]()
    await proxy.stop(true)
  })

  test('carry the key and never print it', async () => {
    const env = { HAL0_API_KEY: 'sk-very-secret' }
    const { stdout, stderr } = await hal0(['slot', 'list'], { url: api.url, env })
    expect(api.calls.at(-1)?.headers.get('authorization')).toBe('Bearer sk-very-secret')
    const refused = await hal0(['model', 'list'], { url: api.url, env })
    expect(stdout + stderr + refused.stdout + refused.stderr).not.toContain('secret')
  })

  test('to loopback bypass the environment’s proxies', async () => {
    const url = proxy.url.href
    const { code, stdout } = await hal0(['slot', 'list'], {
      url: api.url,
      env: { HTTP_PROXY: url, http_proxy: url, ALL_PROXY: url },
    })
    expect(code).toBe(0)
    expect(stdout).toContain('primary')
    expect(proxied).toBe(0)
  })

  test('that change something have a JSON content type', async () => {
    expect((await hal0(['slot', 'delete', 'primary'], { url: api.url })).code).toBe(0)
    expect(api.calls.at(-1)?.headers.get('content-type')).toStartWith('application/json')
  })
})
