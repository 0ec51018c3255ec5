/** Addresses of media in the content of requests: found wherever a backend would fetch them, and only there. */
import { describe, expect, test } from 'bun:test'
import { BodyPieces } from '../../../src/dispatch/body/body-pieces.ts'
import { MediaScan, mayNameMedia, remoteMediaIn } from '../../../src/dispatch/media/remote-media.ts'

const chat = (content: unknown): string =>
  JSON.stringify({ model: 'primary', messages: [{ role: 'user', content: [{ type: 'text', text: 'See' }, content] }] })
const image = (url: unknown): string => chat({ type: 'image_url', image_url: { url } })
const inMessages = (block: unknown): string =>
  JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [block] }] })
const inResponses = (part: unknown): string =>
  JSON.stringify({ model: 'm', input: [{ role: 'user', content: [part] }] })

/** The answer for the body whole, and in pieces of every small size. */
const found = async (json: string): Promise<string | null> => {
  const bytes = Buffer.from(json)
  const whole = await remoteMediaIn(BodyPieces.of(bytes))
  for (const size of [1, 2, 3, 7, 64]) {
    const scan = new MediaScan()
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
    for (const piece of pieces) scan.feed(piece)
    if (mayNameMedia(pieces)) expect(scan.found).toBe(whole)
    else expect(whole).toBeNull()
  }
  return whole
}

const web = 'http://192.168.1.1/cgi'

test.each<[string, string, string]>([
  ['image_url of a chat', image(web), 'url'],
  ['image_url as a string', chat({ type: 'image_url', image_url: web }), 'image_url'],
  ['image_url in a list', chat({ type: 'image_url', image_url: [{ url: [web] }] }), 'url'],
  ['video_url', chat({ type: 'video_url', video_url: { url: web } }), 'url'],
  ['input_audio by url', chat({ type: 'input_audio', input_audio: { url: web, format: 'wav' } }), 'url'],
  ['input_audio with an address as its data', chat({ type: 'input_audio', input_audio: { data: web } }), 'data'],
  ['file_data of a file', chat({ type: 'file', file: { filename: 'a.pdf', file_data: web } }), 'file_data'],
  ['input_image of Responses', inResponses({ type: 'input_image', image_url: web }), 'image_url'],
  ['input_file of Responses', inResponses({ type: 'input_file', file_url: web }), 'file_url'],
  ['an image of Messages', inMessages({ type: 'image', source: { type: 'url', url: web } }), 'url'],
  ['a document of Messages', inMessages({ type: 'document', source: { type: 'url', url: web } }), 'url'],
  [
    'an image in the result of a tool',
    inMessages({
      type: 'tool_result',
      tool_use_id: 't',
      content: [{ type: 'image', source: { type: 'url', url: web } }],
    }),
    'url',
  ],
  [
    'the second of two keys with one name',
    '{"messages":[{"content":[{"image_url":{"url":"data:,","url":"file:///etc"}}]}]}',
    'url',
  ],
  ['a key written with escapes', '{"messages":[{"image\\u005furl":{"\\u0075\\u0072\\u006c":"http://a"}}]}', 'url'],
  ['a message in the system prompt', JSON.stringify({ system: [{ type: 'image', source: { url: web } }] }), 'url'],
  ['after arguments of a tool', inMessages({ type: 'tool_use', input: { a: [{}] }, source: { url: web } }), 'url'],
])('%s is found', async (_, json, key) => {
  expect(await found(json)).toBe(key)
})

test.each<[string, string]>([
  ['a data: URL', image(`data:image/png;base64,${'A'.repeat(1000)}`)],
  ['a data: URL in capitals', image('DATA:image/png;base64,AAAA')],
  ['base64 without a scheme', chat({ type: 'input_audio', input_audio: { data: 'UklGRgAA/+8=', format: 'wav' } })],
  ['base64 of a JPEG', image(`/9j/${'A'.repeat(500)}`)],
  ['base64 in lines', chat({ type: 'input_audio', input_audio: { data: 'UklGR\r\nAAAA\r\n' } })],
  ['an empty address', image('')],
  ['an address in the text', chat({ type: 'text', text: `See ${web} and "url": "${web}"` })],
  ['an address as the whole text', JSON.stringify({ messages: [{ role: 'user', content: web }] })],
  [
    'the arguments of a tool',
    inMessages({ type: 'tool_use', id: 't', name: 'get', input: { url: web, image_url: { url: web } } }),
  ],
  ['arguments as an object', chat({ type: 'x', function: { arguments: { image_url: web } } })],
  [
    'a citation',
    chat({ type: 'output_text', text: '', annotations: [{ type: 'url_citation', url: web, image_url: web }] }),
  ],
  ['a result of a search', inMessages({ type: 'web_search_result', url: web, title: 'x' })],
  ['the source of a search result', inMessages({ type: 'search_result', source: web, title: 'x', content: [] })],
  ['text as a document', inMessages({ type: 'document', source: { type: 'text', data: 'http://is a protocol' } })],
  [
    'the schema of a tool',
    JSON.stringify({ tools: [{ function: { parameters: { image_url: { url: web } } } }], messages: [] }),
  ],
  ['an MCP server', JSON.stringify({ mcp_servers: [{ type: 'url', url: web }], messages: [] })],
])('%s is not', async (_, json) => {
  expect(await found(json)).toBeNull()
})

describe('an address', () => {
  test.each([
    'http://a',
    'HTTP://a',
    'hTtPs://a',
    ' http://a',
    '\thttp://a',
    '\nhttp://a',
    '\u00a0http://a',
    '\u200bhttp://a',
    'http:/a',
    'http:a',
    'http:\\\\a',
    '//a/b',
    '\\\\a\\b',
    'httpfoo',
    'file:///etc/passwd',
    'FILE:/etc/passwd',
    'file:///proc/self/environ',
    'ftp://a',
    'gopher://a:25/',
    'blob:http://a',
    'javascript:x',
    '/etc/passwd',
    './a.png',
    '../a.png',
    '~/a.png',
    'a.example/b.png',
    '[::1]:80',
    '127.0.0.1',
    'ｈttp://a',
    'view-source:data:',
    'x'.repeat(400).replace(/^/, 'h:'),
  ])('%j does not pass as base64', async (url) => {
    expect(await found(image(url))).toBe('url')
  })

  test('with a broken escape is refused, too', async () => {
    expect(await found('{"messages":[{"image_url":{"url":"\\u00zz"}}]}')).toBe('url')
  })
})

test('a body without the keys is not scanned, however large, and a large one with them is scanned in turns', async () => {
  const long = JSON.stringify({ messages: [{ role: 'user', content: 'x "y" '.repeat(200_000) }] })
  expect(mayNameMedia([Buffer.from(long)])).toBe(false)
  const large = image(`data:image/png;base64,${'A'.repeat(3_000_000)}`)
  expect(await remoteMediaIn(BodyPieces.of(Buffer.from(large)))).toBeNull()
  expect(await remoteMediaIn(BodyPieces.of(Buffer.from(large.replace(']}', `,{"image_url":"${web}"}]}`))))).toBe(
    'image_url',
  )
})

test('the sign of a key is seen across pieces', () => {
  for (const text of ['xxurl"xx', 'xxdata"xx', 'xx\\u0075xx']) {
    for (let at = 1; at < text.length; at++) {
      expect([text, at, mayNameMedia([Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at))])]).toEqual([
        text,
        at,
        true,
      ])
    }
    expect(mayNameMedia([...text].map((letter) => Buffer.from(letter)))).toBe(true)
  }
})
