import { describe, expect, test } from 'bun:test'
import { didYouMean, editDistance, nearest } from '../../../src/lib/text/did-you-mean.ts'

describe('the distance of two words', () => {
  const cases: [string, string, number][] = [
    ['load', 'load', 0],
    ['laod', 'load', 1],
    ['lod', 'load', 1],
    ['loads', 'load', 1],
    ['lead', 'load', 1],
    ['ab', 'cd', 2],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ]
  test.each(cases)('from %s to %s', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })
})

describe('what is near a word', () => {
  const verbs = ['load', 'unload', 'logs', 'list', 'edit', 'rm', 'swap']
  const cases: [string, string[], string[]][] = [
    ['laod', verbs, ['load']],
    ['lod', verbs, ['load']],
    ['log', verbs, ['logs']],
    ['LIST', verbs, ['list']],
    ['r', verbs, ['rm']],
    ['x', verbs, []],
    ['', verbs, []],
    ['frobnicate', verbs, []],
    ['primay', ['primary', 'embed'], ['primary']],
    ['contextsize', ['context_size', 'queue_length'], ['context_size']],
    [
      'qwen',
      ['qwen3-4b', 'qwen2.5-0.5b', 'qwen2.5-7b', 'qwen2.5-14b', 'smol'],
      ['qwen3-4b', 'qwen2.5-7b', 'qwen2.5-14b'],
    ],
    ['smolm2', ['smollm2-135m-instruct-q4_1', 'small-e5'], ['smollm2-135m-instruct-q4_1']],
    ['qwen3-4b-instrct', ['qwen3-4b-instruct-2507-q4_k_m', 'qwen3-8b-q4_k_m'], ['qwen3-4b-instruct-2507-q4_k_m']],
    ['zz-q', ['a-1', 'b-2'], []],
    ['load', ['load', 'load'], ['load']],
    ['a', ['b', 'c'], []],
  ]
  test.each(cases)('%s', (word, candidates, near) => {
    expect(nearest(word, candidates)).toEqual(near)
  })
})

test('the nearest comes first, and a misspelt word before one that is only longer', () => {
  expect(nearest('embde', ['embed-large', 'embde-old', 'embed'])).toEqual(['embed', 'embde-old', 'embed-large'])
})

test('the question names three words at most, and nothing is asked when nothing is near', () => {
  expect(didYouMean('primay', ['primary'])).toBe(' Did you mean primary?')
  expect(didYouMean('a1', ['a2', 'a3'])).toBe(' Did you mean a2 or a3?')
  expect(didYouMean('a1', ['a2', 'a3', 'a4', 'a5'])).toBe(' Did you mean a2, a3 or a4?')
  expect(didYouMean('zebra', ['a2', 'a3'])).toBe('')
})
