/**
 * The gateway is no way into the home network: a stand-in engine that fetches whatever looks like an address, a sink that records who
 * connects, and requests in every dialect that try to get there.
 */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(60_000)

/** Accepts connections on loopback, IPv4 and IPv6, and redirects whoever speaks HTTP to another address of itself. */
const startSink = () => {
  const seen: string[] = []
  const fetch = (request: Request): Response => {
    seen.push(new URL(request.url).pathname)
    return request.url.endsWith('/again')
      ? new Response('x')
      : Response.redirect(`${new URL(request.url).origin}/again`)
  }
  const four = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch })
  const six = Bun.serve({ hostname: '::1', port: four.port ?? 0, fetch })
  onTestFinished(async () => void (await Promise.all([four.stop(true), six.stop(true)])))
  return { port: four.port, seen }
}

/** Spellings of one address. JSON text: some of them are escapes. */
const spellings = (port: number): string[] => {
  const hosts = [
    ...[
      '127.0.0.1',
      'localhost',
      'LOCALHOST',
      'localhost.',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
    ],
    ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '0', '0.0.0.0', 'user:secret@127.0.0.1'],
    ...[
      '1\\u0032\\u0037.0.0.1',
      '127.0.0.1%2f',
      '①②⑦.0.0.1',
      '127。0。0。1',
      'localhost#@example.com',
      'example.com@127.0.0.1',
    ],
  ]
  const usual = hosts.map((host) => `http://${host}:${port}/a.png`)
  const schemes = [
    'HTTP',
    'hTTp',
    'https',
    'HTTPS',
    'ftp',
    'file',
    'FILE',
    'gopher',
    'ws',
    'wss',
    'smb',
    'ldap',
    'blob:http',
    'view-source:http',
  ].map((scheme) => `${scheme}://127.0.0.1:${port}/a.png`)
  const odd = [
    ...['http:/', 'http:', 'http:///', 'http:\\\\', 'http:\\/\\\\', 'http:\\t//', 'ht\\ntp://', 'http:\\r\\n//'].map(
      (start) => `${start}127.0.0.1:${port}/a`,
    ),
    ...[' ', '\\t', '\\n', '\\u0000', '\\u00a0', '\\u200b', '\\ufeff', '\\u001f'].map(
      (blank) => `${blank}http://127.0.0.1:${port}/a`,
    ),
    ...['\\u0068ttp://', '\\u0048\\u0054\\u0054\\u0050\\u003a\\u002f\\u002f', 'http\\u003a\\/\\/', 'http:\\/\\/'].map(
      (start) => `${start}127.0.0.1:${port}/a`,
    ),
    ...[
      'file:///etc/passwd',
      'file:/etc/passwd',
      'file://localhost/etc/passwd',
      '/etc/passwd',
      '//127.0.0.1/a',
      '\\\\\\\\127.0.0.1\\\\a',
    ],
  ]
  return [...usual, ...schemes, ...odd]
}

const text = '{"type":"text","text":"What is this?"}'
/** Requests in which one address is named. @param url JSON text */
const bodies = (url: string): [path: string, body: string][] => [
  [
    '/v1/chat/completions',
    `{"model":"primary","messages":[{"role":"user","content":[${text},{"type":"image_url","image_url":{"url":"${url}"}}]}]}`,
  ],
  [
    '/v1/responses',
    `{"model":"primary","input":[{"role":"user","content":[{"type":"input_image","image_url":"${url}"}]}]}`,
  ],
  [
    '/v1/messages',
    `{"model":"primary","max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"url","url":"${url}"}}]}]}]}`,
  ],
]

test('no spelling of an address in any dialect reaches the sink; data: URLs pass; remote_media opens one slot', async () => {
  const model = await tinyModel('chat')
  const sink = startSink()
  const daemon = await Daemon.start()
  const engine = makeStandIn(join(tempDir(), 'engine'), { fetches_media: true })
  await daemon.addSlot(model, { name: 'primary', engine })
  await daemon.load()
  const urls = spellings(sink.port ?? 0)
  expect(urls.length).toBeGreaterThan(60)
  const asked = urls.flatMap((url) => bodies(url).map(([path, body]) => ({ url, path, body })))
  const answers = await Promise.all(
    asked.map(async ({ url, path, body }) => {
      const answer = await daemon.call('POST', path, body)
      return [url, path, answer.status, JSON.stringify(answer.body).includes('data: URL')]
    }),
  )
  expect(answers).toEqual(asked.map(({ url, path }) => [url, path, 400, true]))
  expect(sink.seen).toEqual([])

  const inline = `data:image/png;base64,${'A'.repeat(64)}`
  for (const [path, body] of bodies(inline)) {
    const { status } = await daemon.call('POST', path, body)
    // The stand-in knows no other dialect than Chat Completions.
    expect([path, status]).toEqual([path, path.endsWith('completions') ? 200 : 404])
  }
  const error = errorOf(await daemon.call('POST', ...(bodies(`http://127.0.0.1:${sink.port}/a`)[0] ?? ['', ''])))
  expect([error.code, error.param]).toEqual(['request.invalid', 'url'])
  expect(error.message).toContain('hal0 slot edit primary --set remote_media=true')

  await daemon.must('PATCH', '/api/slots/primary', { remote_media: true })
  const [path, body] = bodies(`http://127.0.0.1:${sink.port}/a`)[0] ?? ['', '']
  expect((await daemon.call('POST', path, body)).status).toBe(200)
  // So the sink does see what is fetched.
  expect(sink.seen).toEqual(['/a', '/again'])
})
