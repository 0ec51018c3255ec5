import { describe, expect, test } from 'bun:test'
import { dialects } from '../../../src/dispatch/dialects/dialects.ts'
import { type Translation, translationTo } from '../../../src/dispatch/dialects/translation.ts'
import { AnswerStream } from '../../../src/dispatch/relay/answer-stream.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { Answer } from '../../../src/lib/http/incoming.ts'

const error = new Hal0Error('slot.warming', 'It is loading.', { details: { slot: 'primary' } })

describe("Anthropic's dialect", () => {
  const { anthropic } = dialects

  test('has errors in its own envelope, with the code and the details', () => {
    expect(anthropic.errorBody(error)).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'It is loading.', code: 'slot.warming', details: { slot: 'primary' } },
    })
  })

  test('ends a broken stream with an event called error', () => {
    const [name, data, ...rest] = anthropic.errorEvent(error).split('\n')
    expect([name, ...rest]).toEqual(['event: error', '', ''])
    expect(JSON.parse(data?.slice('data: '.length) ?? '')).toEqual(anthropic.errorBody(error))
  })

  test('knows the last event of a stream', () => {
    const isLast = (text: string) => anthropic.isLastEvent(Buffer.from(text))
    expect(isLast('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true)
    expect(isLast('event: x\ndata: {}\n\nevent:message_stop\r\ndata:{}\r\n\r\n')).toBe(true)
    expect(isLast('event: message_stop\ndata: {}\n\nevent: ping\ndata: {}\n\n')).toBe(false)
    expect(isLast('data: [DONE]\n\n')).toBe(false)
  })

  test('has a type of its own for a body that is too large', () => {
    expect(anthropic.errorBody(new Hal0Error('request.too_large', 'Too large.'))).toMatchObject({
      error: { type: 'request_too_large', code: 'request.too_large' },
    })
  })
})

describe('the dialect of OpenAI’s Responses API', () => {
  const { responses } = dialects

  test('has errors in hal0’s envelope', () => {
    expect(responses.errorBody(error)).toEqual(error.envelope())
  })

  test('ends a broken stream with its own event, which has the envelope that OpenAI’s client throws', () => {
    const [name, data, ...rest] = responses.errorEvent(error).split('\n')
    expect([name, ...rest]).toEqual(['event: error', '', ''])
    expect(JSON.parse(data?.slice('data: '.length) ?? '')).toEqual({
      type: 'error',
      message: 'It is loading.',
      code: 'slot.warming',
      param: null,
      ...error.envelope(),
    })
  })

  test('knows the last event of a stream', () => {
    const isLast = (text: string) => responses.isLastEvent(Buffer.from(text))
    for (const end of ['completed', 'incomplete', 'failed']) {
      expect(isLast(`event: response.${end}\ndata: {"type":"response.${end}"}\n\n`)).toBe(true)
    }
    expect(isLast(`data: {}\n\nevent: response.completed\ndata: {"text":"${'x'.repeat(20_000)}"}\n\n`)).toBe(true)
    expect(isLast('event: response.created\ndata: {}\n\n')).toBe(false)
    expect(isLast('event: response.completed\ndata: {}\n\nevent: x\ndata: {}\n\n')).toBe(false)
  })
})

/** What a client got of an answer. */
const collected = (): { text: () => string; broken: Promise<void>; answer: Answer } => {
  let text = ''
  const broken = Promise.withResolvers<void>()
  const answer = {
    begun: true,
    onRoom: null,
    send() {},
    begin() {},
    write(piece: Uint8Array) {
      text += Buffer.from(piece).toString()
      return true
    },
    end() {
      text += '|end'
    },
    break() {
      text += '|broken'
      broken.resolve()
    },
  }
  return { text: () => text, broken: broken.promise, answer }
}

/** Makes events louder, and says goodbye. */
const loud = (): Translation => ({
  piece: (bytes) => Buffer.from(bytes.toString().toUpperCase()),
  rest: () => Buffer.from('data: BYE\n\n'),
})

describe('the translation of events', () => {
  test('is null if the backend speaks what the client reads, and if nobody has written one', () => {
    expect(translationTo('openai', ['anthropic', 'openai'], { 'anthropic to openai': loud })).toBeNull()
    expect(translationTo('openai', ['anthropic'])).toBeNull()
    expect(translationTo('openai', ['anthropic'], { 'anthropic to openai': loud })).not.toBeNull()
  })

  test('gets whole events, and the end', () => {
    const { text, answer } = collected()
    const stream = new AnswerStream(answer, true, loud())
    for (const piece of ['data: a\n', '\ndata: ', 'b\n\nda', 'ta: c\n\n']) stream.push(Buffer.from(piece))
    stream.end()
    expect(text()).toBe('DATA: A\n\nDATA: B\n\nDATA: C\n\ndata: BYE\n\n|end')
  })

  test('changes neither the error that ends a broken stream, nor an answer that is not a stream of events', async () => {
    const broken = collected()
    const stream = new AnswerStream(broken.answer, true, loud())
    stream.push(Buffer.from('data: a\n\ndata: half'))
    stream.break('data: why\n\n')
    await broken.broken
    expect(broken.text()).toBe('DATA: A\n\ndata: why\n\n|broken')
    const plain = collected()
    const whole = new AnswerStream(plain.answer, false, loud())
    whole.push(Buffer.from('sound'))
    whole.end()
    expect(plain.text()).toBe('sound|end')
  })
})
