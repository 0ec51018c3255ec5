import { expect, test } from 'bun:test'
import { BodyPieces } from '../../../src/dispatch/body/body-pieces.ts'
import { type BodyRule, rewrite } from '../../../src/dispatch/body/rewrite.ts'

const text = (body: BodyPieces): string => Buffer.concat([...body.list()]).toString()
const appending =
  (more: string): BodyRule =>
  (body) =>
    BodyPieces.of(Buffer.from(text(body) + more))

test('without rules a body is passed on as it is: the same object, whose pieces are not read', () => {
  const body = BodyPieces.of(Buffer.from('a'))
  body.list = () => {
    throw new Error('somebody looked')
  }
  expect(rewrite(body, [])).toBe(body)
})

test('rules change a body one after the other', () => {
  const body = BodyPieces.of(Buffer.from('a'))
  expect(text(rewrite(body, [appending('b'), (same) => same, appending('c')]))).toBe('abc')
})
