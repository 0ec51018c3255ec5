/**
 * The grammar of JSON (RFC 8259) outside of strings as a table: state and byte in, state or action out. A loop over a table reads
 * twenty times as many bytes a second as functions that test one byte after the other. Pure data.
 */

/** What may come next. The states of numbers: after the sign, a leading zero, digits, the point, decimals, the e, its sign, its digits. */
export const states = {
  start: 0,
  value: 1,
  valueOrEnd: 2,
  key: 3,
  keyOrEnd: 4,
  afterKey: 5,
  /** After the wanted key, and where its value begins. */
  afterName: 6,
  member: 7,
  afterValue: 8,
  over: 9,
  afterMinus: 10,
  afterZero: 11,
  inDigits: 12,
  afterPoint: 13,
  inDecimals: 14,
  afterE: 15,
  afterESign: 16,
  inExponent: 17,
  /** Not in the table: within quotes, after a backslash, within true, false and null. */
  inString: 18,
  inEscape: 19,
  inLiteral: 20,
} as const

/** Actions of a byte besides a new state. Their numbers are above those of all states. */
export const actions = {
  unexpected: 32,
  beginKey: 33,
  beginString: 34,
  beginLiteral: 35,
  openObject: 36,
  openArray: 37,
  closeObject: 38,
  closeArray: 39,
  comma: 40,
  /** The value of the wanted key: a string, or anything else. */
  beginMember: 41,
  otherMember: 42,
  /** A value that is not an object, where the outermost object should begin. */
  noObject: 43,
} as const

/** Kinds of bytes, each a column of the table. */
const kinds = [
  'other',
  'blank',
  'quote',
  'comma',
  'colon',
  '[',
  ']',
  '{',
  '}',
  '-',
  '+',
  '.',
  '0',
  'digit',
  'e',
  'letter',
]
const kindBits = 4

/** The kind of each byte. */
const kindOf = new Uint8Array(256)
const setKind = (bytes: string, kind: string): void => {
  for (const byte of Buffer.from(bytes)) kindOf[byte] = kinds.indexOf(kind)
}
setKind(' \t\r\n', 'blank')
setKind('"', 'quote')
setKind(',', 'comma')
setKind(':', 'colon')
for (const sign of ['[', ']', '{', '}', '-', '+', '.', '0']) setKind(sign, sign)
setKind('123456789', 'digit')
setKind('eE', 'e')
setKind('tfn', 'letter')

const table = new Uint8Array(32 << kindBits).fill(actions.unexpected)
const rule = (state: number, next: Record<string, number>): void => {
  for (const [kind, to] of Object.entries(next)) table[(state << kindBits) | kinds.indexOf(kind)] = to
}
const s = states
const a = actions
const ofValue = {
  blank: s.value,
  quote: a.beginString,
  letter: a.beginLiteral,
  '{': a.openObject,
  '[': a.openArray,
  '-': s.afterMinus,
  '0': s.afterZero,
  digit: s.inDigits,
}
const afterValue = { blank: s.afterValue, comma: a.comma, '}': a.closeObject, ']': a.closeArray }
const digits = (to: number) => ({ '0': to, digit: to })
const any = (to: number) => Object.fromEntries(Object.keys(ofValue).map((kind) => [kind, to]))

rule(s.start, { ...any(a.noObject), blank: s.start, '{': a.openObject })
rule(s.value, ofValue)
rule(s.valueOrEnd, { ...ofValue, blank: s.valueOrEnd, ']': a.closeArray })
rule(s.key, { blank: s.key, quote: a.beginKey })
rule(s.keyOrEnd, { blank: s.keyOrEnd, quote: a.beginKey, '}': a.closeObject })
rule(s.afterKey, { blank: s.afterKey, colon: s.value })
rule(s.afterName, { blank: s.afterName, colon: s.member })
rule(s.member, { ...any(a.otherMember), blank: s.member, quote: a.beginMember })
rule(s.afterValue, afterValue)
rule(s.over, { blank: s.over })
rule(s.afterMinus, { '0': s.afterZero, digit: s.inDigits })
rule(s.afterZero, { ...afterValue, '.': s.afterPoint, e: s.afterE })
rule(s.inDigits, { ...afterValue, ...digits(s.inDigits), '.': s.afterPoint, e: s.afterE })
rule(s.afterPoint, digits(s.inDecimals))
rule(s.inDecimals, { ...afterValue, ...digits(s.inDecimals), e: s.afterE })
rule(s.afterE, { ...digits(s.inExponent), '-': s.afterESign, '+': s.afterESign })
rule(s.afterESign, digits(s.inExponent))
rule(s.inExponent, { ...afterValue, ...digits(s.inExponent) })

export { kindBits, kindOf, table }

/** The literal that begins with this byte. */
export const literals: Readonly<Record<number, string>> = { 116: 'true', 102: 'false', 110: 'null' }
