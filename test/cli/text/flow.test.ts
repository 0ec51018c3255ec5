/** Prose that arrives in pieces is broken to the width of a terminal, and reads alike however it was cut. */
import { describe, expect, test } from 'bun:test'
import { flowBegin, flowEnd, flowOn } from '../../../src/cli/text/flow.ts'
import { seeded } from '../../models/pull/seeded.ts'

/** What is printed when the text arrives in these pieces. */
const printed = (pieces: readonly string[], width: number): string => {
  let flow = flowBegin
  let out = ''
  for (const piece of pieces) {
    const step = flowOn(flow, piece, width)
    flow = step.flow
    out += step.text
  }
  return out + flowEnd(flow, width)
}

const cases: [string, number, string, string][] = [
  ['a line is broken at blanks', 12, 'one two three four', 'one two\nthree four'],
  ['a word that ends at the margin stays', 7, 'one two three', 'one two\nthree'],
  ['paragraphs stay apart', 10, 'one two three\n\nfour', 'one two\nthree\n\nfour'],
  [
    'a word wider than the terminal is never broken',
    8,
    'see https://example.org/a now',
    'see\nhttps://example.org/a\nnow',
  ],
  [
    'the lines of a list item begin below its first word',
    26,
    '- one two three four five six seven',
    '- one two three four five\n  six seven',
  ],
  ['a numbered item, too', 26, '10. one two three four five six', '10. one two three four\n    five six'],
  ['emphasis is no list', 10, '**one** two three', '**one**\ntwo three'],
  ['a number that begins a sentence is no list', 10, '2026 was a good year', '2026 was a\ngood year'],
  [
    'a code block keeps its lines',
    10,
    'see this:\n```sh\nhal0 run model --system text\n```\nand then that',
    'see this:\n```sh\nhal0 run model --system text\n```\nand then\nthat',
  ],
  ['indented code keeps its lines', 10, '    one two three four', '    one two three four'],
  ['rows of a table keep their lines', 10, '| one | two | three |', '| one | two | three |'],
  ['a fence in a sentence opens nothing', 12, 'use ``` for code blocks', 'use ``` for\ncode blocks'],
  ['wide characters take two cells', 10, '你好世界你好世界', '你好世界你\n好世界'],
  ['no line begins with a closing sign', 10, '你好世界你。好', '你好世界\n你。好'],
  ['an emoji of several parts stays whole', 6, 'ab 👩‍👩‍👧 cd', 'ab 👩‍👩‍👧\ncd'],
]
for (const [what, width, text, expected] of cases) test(what, () => expect(printed([text], width)).toBe(expected))

test('nothing is broken where there is no terminal', () => {
  const text = 'one two three\n- four five\n```\nsix'
  expect(printed([...text], Number.POSITIVE_INFINITY)).toBe(text)
})

test('words come as soon as they are complete', () => {
  expect(flowOn(flowBegin, 'one tw', 80).text).toBe('one')
  expect(flowOn(flowOn(flowBegin, 'one tw', 80).flow, 'o ', 80).text).toBe(' two')
})

describe('however a text is cut into pieces', () => {
  const words = [
    'one',
    'two',
    '- ',
    '1. ',
    '```',
    '~~~',
    '    ',
    '| a |',
    '\n',
    '\n\n',
    ' ',
    '你好',
    '。',
    '👩‍👧',
    'https://example.org/long',
    '**b**',
  ]
  for (const seed of [1, 2, 3, 4]) {
    test(`the same is printed, no word is lost, and no line of prose is too wide (seed ${seed})`, () => {
      const random = seeded(seed)
      for (let round = 0; round < 50; round++) {
        const text = Array.from({ length: 40 }, () => words[Math.floor(random() * words.length)]).join(' ')
        const width = 8 + Math.floor(random() * 40)
        const whole = printed([text], width)
        expect(printed([...text], width)).toBe(whole)
        expect(whole.replaceAll(/\s+/g, '')).toBe(text.replaceAll(/\s+/g, ''))
      }
    })
  }
})
