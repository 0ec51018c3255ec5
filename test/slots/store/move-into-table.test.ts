import { describe, expect, test } from 'bun:test'
import { parse } from '@decimalturn/toml-patch'
import { moveIntoTable } from '../../../src/slots/store/move-into-table.ts'

const move = (text: string) => moveIntoTable(text, ['a', 'b'], 'box')

const moves: [string, string, string][] = [
  ['a key goes under a new header at the end', 'a = 1\nc = 3\n', 'c = 3\n\n[box]\na = 1\n'],
  ['a key goes under the header that is there', 'a = 1\nc = 3\n[box]\nd = 4\n', 'c = 3\n[box]\na = 1\nd = 4\n'],
  ['comments above it and behind it go along', 'c = 3\n# of a\na = 1 # one\n', 'c = 3\n\n[box]\n# of a\na = 1 # one\n'],
  ['a comment apart from it stays', 'c = 3\n# of all\n\na = 1\n', 'c = 3\n# of all\n\n[box]\na = 1\n'],
  ['the comment that begins the file stays', '# mine\na = 1\n', '# mine\n\n[box]\na = 1\n'],
  [
    'a value of several lines goes as a whole, whatever its lines look like',
    'b = """\na = 2\n[box]\n"""\nc = 3\n',
    'c = 3\n\n[box]\nb = """\na = 2\n[box]\n"""\n',
  ],
  ['quoted keys are keys, too', '"a" = 1\nc = 3\n', 'c = 3\n\n[box]\n"a" = 1\n'],
  ['keys of the same name in other tables stay', 'c = 3\n[d]\na = 1\n', 'c = 3\n[d]\na = 1\n'],
  ['without one of the keys nothing changes', 'c = 3\n[box]\na = 1\n', 'c = 3\n[box]\na = 1\n'],
  ['a table that is written inline leaves all as it is', 'a = 1\nbox = { d = 4 }\n', 'a = 1\nbox = { d = 4 }\n'],
  ['a table that is written by dotted keys does so, too', 'a = 1\nbox.d = 4\n', 'a = 1\nbox.d = 4\n'],
  [
    'line ends of Windows and a byte order mark stay',
    '\ufeffa = 1\r\nc = 3\r\n',
    '\ufeffc = 3\r\n\r\n[box]\r\na = 1\r\n',
  ],
  ['a file without an end of its last line gets one', 'c = 3\na = 1', 'c = 3\n\n[box]\na = 1\n'],
  ['a file of nothing else becomes the table', 'a = 1\n', '[box]\na = 1\n'],
]

describe('keys of the top move into a table', () => {
  for (const [what, before, after] of moves) {
    test(what, () => {
      expect(move(before)).toBe(after)
      const { a, b, box, ...others } = parse(before.replace('\ufeff', ''))
      const moved = before === after ? {} : { ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) }
      const stay = before === after ? { ...(a === undefined ? {} : { a }) } : {}
      const table = { ...moved, ...box }
      expect(parse(after.replace('\ufeff', ''))).toEqual({
        ...others,
        ...stay,
        ...(Object.keys(table).length === 0 ? {} : { box: table }),
      })
    })
  }
})
