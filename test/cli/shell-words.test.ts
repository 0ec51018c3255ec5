import { describe, expect, test } from 'bun:test'
import { shellText, shellWords } from '../../src/cli/values/shell-words.ts'

const cases: [string, string[]][] = [
  ['', []],
  ['  ', []],
  ['-t 4 --flash-attn', ['-t', '4', '--flash-attn']],
  ['  -t\t4\n', ['-t', '4']],
  ['--tensor-split 3,1', ['--tensor-split', '3,1']],
  ['--path "/a b/c"', ['--path', '/a b/c']],
  ["--path '/a b/c'", ['--path', '/a b/c']],
  ['/a\\ b', ['/a b']],
  ['--x="a b"', ['--x=a b']],
  ['a"b c"\'d e\'f', ['ab cd ef']],
  ['""', ['']],
  ["a '' b", ['a', '', 'b']],
  ['"it\'s"', ["it's"]],
  ['\'say "hi"\'', ['say "hi"']],
  ['"a \\"b\\" \\\\ \\d"', ['a "b" \\ \\d']],
  ["'a\\b'", ['a\\b']],
  ['\\"', ['"']],
  ['"$HOME" $(id) *', ['$HOME', '$(id)', '*']],
  ['a\\\nb', ['ab']],
  ['ä 漢字', ['ä', '漢字']],
]

describe('a text is split as a shell splits it, but nothing is expanded', () => {
  test.each(cases)('%j', (text, words) => {
    expect(shellWords(text)).toEqual(words)
  })

  test('a real shell agrees', () => {
    for (const [text, words] of cases.filter(([one]) => !/[$*]/.test(one))) {
      const { stdout } = Bun.spawnSync(['sh', '-c', `for word in ${text.trim()}; do printf '%s\\0' "$word"; done`])
      expect(stdout.toString().split('\0').slice(0, -1)).toEqual(words)
    }
  })
})

test.each(['"', "'", 'a "b', "a 'b", 'a\\'])('%j has no end', (text) => {
  expect(shellWords(text)).toBeNull()
})

test('what is written is read again as the same words', () => {
  for (const [, words] of cases) expect(shellWords(shellText(words))).toEqual(words)
  expect(shellText(['-t', '4', '--x', 'a b', "it's", ''])).toBe("-t 4 --x 'a b' 'it'\\''s' ''")
})
