import { describe, expect, test } from 'bun:test'
import { askedStream, conversationOf, pathAtBackend } from '../../../src/dispatch/streams/asked-stream.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'

describe('the id of a stream', () => {
  const found: [string, string, string | null][] = [
    ['/v1/stream/conv-1', 'conv-1', null],
    ['/v1/stream/conv-1/', 'conv-1', null],
    ['/stream/conv-1?from=12', 'conv-1', '12'],
    ['//v1//stream//conv-1', 'conv-1', null],
    ['/v1/stream/a%2Fb%20c', 'a/b c', null],
    ['/v1/stream/a/b', 'a/b', null],
    ['/v1/stream/%zz', '%zz', null],
    ['/v1/stream?conv_id=a%2Fb&from=0', 'a/b', '0'],
    ['/v1/stream/?from=3&conv_id=x', 'x', '3'],
    ['/v1/stream/x?y=a?b', 'x', null],
  ]
  for (const [target, id, from] of found) {
    test(`in ${target} is ${id}`, () => {
      expect(askedStream(target)).toEqual({ id, from })
    })
  }

  test('has to be there', () => {
    for (const target of ['/v1/stream', '/v1/stream/', '/v1/stream?conv_id=', '/v1/stream?from=1']) {
      expect(() => askedStream(target)).toThrow(Hal0Error)
    }
  })

  test('is told to a backend in the form that it knows', () => {
    expect(pathAtBackend({ id: 'a/b', from: null }, false)).toBe('/v1/stream?conv_id=a%2Fb')
    expect(pathAtBackend({ id: 'a/b', from: '12' }, false)).toBe('/v1/stream?conv_id=a%2Fb&from=12')
    expect(pathAtBackend({ id: 'a/b', from: null }, true)).toBe('/v1/stream/a%2Fb')
    expect(pathAtBackend({ id: 'a', from: '1 2' }, true)).toBe('/v1/stream/a?from=1%202')
  })

  test('is the X-Conversation-Id of its request, unless that is empty or endless', () => {
    const of = (id?: string) => conversationOf(new Headers(id === undefined ? {} : { 'x-conversation-id': id }))
    expect([of('a'), of(''), of(), of('x'.repeat(257))]).toEqual(['a', null, null, null])
  })
})
