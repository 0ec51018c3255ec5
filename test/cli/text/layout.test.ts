import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Column, fields, growingTable, table } from '../../../src/cli/terminal/table.ts'

const { NO_COLOR } = process.env
beforeAll(() => {
  // The tests may themselves run in a terminal.
  process.env.NO_COLOR = '1'
})
afterAll(() => {
  if (NO_COLOR === undefined) delete process.env.NO_COLOR
  else process.env.NO_COLOR = NO_COLOR
})

const columns = [
  { title: 'NAME', role: 'id' },
  { title: 'STATE', role: 'figure' },
  { title: 'MODEL', role: 'id' },
  { title: 'PORT', role: 'id', align: 'right' },
  { title: 'SINCE', role: 'figure', drop: 2 },
  { title: 'PID', role: 'figure', align: 'right', drop: 3 },
  { title: 'WHY', role: 'prose' },
] as const satisfies Column[]

const model = 'qwen2.5-coder-0.5b-q4_k_m'
const rows = [
  ['primary', 'ready', model, '8081', '3 min ago', '4711', 'the backend is up and answers its probe'],
  ['embed', 'offline', '-', '8082', '', '-', ''],
]

describe('the same table in terminals of different widths', () => {
  test('where there is room, or no terminal, everything is shown', () => {
    const whole = [
      'NAME     STATE    MODEL                      PORT  SINCE       PID  WHY',
      'primary  ready    qwen2.5-coder-0.5b-q4_k_m  8081  3 min ago  4711  the backend is up and answers its probe',
      'embed    offline  -                          8082                -  ',
    ]
    expect(table(columns, rows, Number.POSITIVE_INFINITY).split('\n')).toEqual(whole)
    expect(table(columns, rows, 107).split('\n')).toEqual(whole)
  })

  test('100 columns: prose loses words at its end', () => {
    expect(table(columns, rows, 100).split('\n')).toEqual([
      'NAME     STATE    MODEL                      PORT  SINCE       PID  WHY',
      'primary  ready    qwen2.5-coder-0.5b-q4_k_m  8081  3 min ago  4711  the backend is up and answers …',
      'embed    offline  -                          8082                -  ',
    ])
  })

  test('80 columns: the least important columns give way', () => {
    expect(table(columns, rows, 80).split('\n')).toEqual([
      'NAME     STATE    MODEL                      PORT  WHY',
      'primary  ready    qwen2.5-coder-0.5b-q4_k_m  8081  the backend is up and …',
      'embed    offline  -                          8082  ',
    ])
  })

  test('60 columns: even prose gives way to ids', () => {
    expect(table(columns, rows, 60).split('\n')).toEqual([
      'NAME     STATE    MODEL                      PORT',
      'primary  ready    qwen2.5-coder-0.5b-q4_k_m  8081',
      'embed    offline  -                          8082',
    ])
  })

  test('where the ids alone do not fit, it is a list however wide the terminal is', () => {
    const long = rows.map((row) => row.with(2, `${model}-${'x'.repeat(60)}`))
    expect(table(columns, long, 90)).toStartWith('primary\n  state  ready\n')
  })

  test('50 columns: a list of blocks; what is not known is not in it', () => {
    expect(table(columns, rows, 50)).toBe(`primary
  state  ready
  model  qwen2.5-coder-0.5b-q4_k_m
  port   8081
  since  3 min ago
  pid    4711
  why    the backend is up and answers its probe

embed
  state  offline
  port   8082`)
  })

  test('40 columns: prose goes on below where it begins', () => {
    expect(table(columns, rows, 40)).toContain('\n  why    the backend is up and answers\n         its probe\n')
  })

  test('30 columns: an id that does not fit beside its title stands below it, whole', () => {
    expect(table(columns, rows, 30).split('\n').slice(0, 5)).toEqual([
      'primary',
      '  state  ready',
      '  model',
      '    qwen2.5-coder-0.5b-q4_k_m',
      '  port   8081',
    ])
  })
})

test('columns are aligned with wide characters and emoji', () => {
  const lines = table(
    [
      { title: 'A', role: 'id' },
      { title: 'N', role: 'figure', align: 'right' },
    ],
    [
      ['漢字', '5'],
      ['👩‍👩‍👧x', '10'],
    ],
    80,
  ).split('\n')
  expect(lines).toEqual(['A      N', '漢字   5', '👩‍👩‍👧x   10'])
})

test('a cell with a line break stays on its line', () => {
  const two = [
    { title: 'A', role: 'id' },
    { title: 'B', role: 'prose' },
  ] as const
  expect(table(two, [['one\ntwo', 'x']], 80).split('\n')).toHaveLength(2)
})

test('rows that come one by one keep the least widths; a longer id moves what follows and is whole', () => {
  const growing = [
    { title: 'TIME', role: 'figure', min: 8 },
    { title: 'NAME', role: 'id', min: 8 },
    { title: 'WHY', role: 'prose', min: 20 },
  ] as const
  const { heading, row } = growingTable(growing, 60)
  expect(heading).toBe('TIME      NAME      WHY')
  expect(row(['10:44:03', 'primary', 'slot name'])).toBe('10:44:03  primary   slot name')
  expect(row(['10:44:03', 'a-very-long-name-of-a-slot', 'it answers on the port that was asked for'])).toBe(
    '10:44:03  a-very-long-name-of-a-slot  it answers on the …',
  )
  const narrow = growingTable(growing, 50)
  expect(narrow.heading).toBeNull()
  expect(narrow.row(['10:44:03', 'primary', 'slot name'])).toBe('10:44:03\n  name  primary\n  why   slot name')
})

test('values of fields are never cut', () => {
  const pairs = [
    ['version', '0.1.0'],
    ['problem', 'The disk is nearly full. Remove models with: hal0 model rm ID'],
  ] as const
  expect(fields(pairs, { width: 40 })).toBe(`version  0.1.0
problem  The disk is nearly full. Remove
         models with: hal0 model rm ID`)
})

/** mulberry32 */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

test('whatever the table and the width: ids are whole, no word is broken, and no line of a table is too long', () => {
  const seed = Number(process.env.HAL0_SEED ?? Math.floor(Math.random() * 2 ** 31))
  const random = randomFrom(seed)
  const upTo = (most: number): number => 1 + Math.floor(random() * most)
  const word = (): string =>
    Array.from({ length: upTo(12) }, () => (random() < 0.1 ? '漢' : 'abcdefghij'[upTo(10) - 1])).join('')
  const roles = ['id', 'figure', 'prose'] as const
  for (let round = 0; round < 400; round++) {
    const shape: Column[] = Array.from({ length: upTo(7) }, (_, index) => ({
      title: word().toUpperCase(),
      role: index === 0 ? 'id' : (roles[upTo(3) - 1] ?? 'id'),
      align: random() < 0.3 ? 'right' : 'left',
      ...(random() < 0.5 ? { drop: upTo(5) } : {}),
    }))
    for (const column of shape) if (column.role === 'id') delete column.drop
    const cells = Array.from({ length: upTo(4) }, () =>
      shape.map(({ role }) => Array.from({ length: role === 'prose' ? upTo(9) : 1 }, word).join(' ')),
    )
    const width = 20 + upTo(100)
    const text = table(shape, cells, width)
    const lines = text.split('\n')
    const words = new Set(text.split(/\s+/))
    const known = new Set([
      ...shape.flatMap(({ title }) => [title, title.toLowerCase()]),
      ...cells.flat().flatMap((cell) => cell.split(' ')),
      '…',
      '',
    ])
    const context = `HAL0_SEED=${seed}, round ${round}, ${width} columns:\n${text}`
    expect(
      [...words].filter((one) => !known.has(one.replace(/…$/, ''))),
      context,
    ).toEqual([])
    for (const row of cells) {
      for (const [index, cell] of row.entries())
        if (shape[index]?.role === 'id') expect(words.has(cell), context).toBe(true)
    }
    const tooLong = lines.filter((line) => Bun.stringWidth(line) > width && line.trim().includes(' '))
    expect(tooLong, context).toEqual([])
  }
})
