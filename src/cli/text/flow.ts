/**
 * Prose that arrives in pieces, broken at blanks to the width of a terminal as it comes. Code blocks and tables stay as they are. A word
 * is held back until it is complete; one that is wider than the terminal is passed on, and never broken. Pure. Widths are in cells.
 */

/** Where in the text a stream is. */
export interface Flow {
  /** Of the current line. `begin`: not known yet; `verbatim`: of code or a table. */
  readonly line: 'begin' | 'prose' | 'verbatim'
  /** What opened the code block that the line is in; null: none. */
  readonly fence: string | null
  /** Cells that are taken in the current line. */
  readonly column: number
  /** Where the next line of a paragraph begins: below the first word of its list item. */
  readonly indent: number
  /** What is held back: blanks, and the word after them; or the beginning of a line. */
  readonly blank: string
  readonly word: string
  /** The word is wider than a line, and passed on as it comes. */
  readonly isLong: boolean
}

interface Step {
  flow: Flow
  text: string
}

const lineBegin = { line: 'begin', column: 0, indent: 0, blank: '', word: '', isLong: false } as const

export const flowBegin: Flow = { ...lineBegin, fence: null }

/** Less room than this beside an indentation is not worth having, cells. */
const readable = 20
const zeroWidthJoiner = '\u200d'
/** Signs that no line begins with. */
const closing = /[\p{Pe}\p{Pf}、。，．・：；！？]/u

const isWide = (text: string): boolean => Bun.stringWidth(text) > 1
const blanks = (text: string): number => text.replaceAll('\t', '        ').length

/** Prints the held word, on the next line if it does not fit. */
const place = (flow: Flow, width: number): Step => {
  const { column, indent, blank, word } = flow
  if (word === '') return { flow, text: '' }
  const cells = Bun.stringWidth(word)
  const fits = column <= indent || column + blanks(blank) + cells <= width
  const before = fits ? blank : `\n${' '.repeat(indent)}`
  return {
    flow: { ...flow, column: (fits ? column + blanks(blank) : indent) + cells, blank: '', word: '' },
    text: before + word,
  }
}

/** Whether a line may end between the held word and a sign: beside the signs of scripts that have no blanks. */
const mayBreak = (word: string, sign: string): boolean =>
  word !== '' &&
  !word.endsWith(zeroWidthJoiner) &&
  Bun.stringWidth(sign) > 0 &&
  !closing.test(sign) &&
  (isWide(sign) || isWide([...word].at(-1) ?? ''))

const prose = (flow: Flow, sign: string, width: number): Step => {
  if (sign === ' ' || sign === '\t') {
    const placed = place(flow, width)
    return { ...placed, flow: { ...placed.flow, blank: placed.flow.blank + sign, isLong: false } }
  }
  if (flow.isLong) return { flow: { ...flow, column: (flow.column + Bun.stringWidth(sign)) % width }, text: sign }
  const placed = mayBreak(flow.word, sign) ? place(flow, width) : { flow, text: '' }
  const longer = { ...placed.flow, word: placed.flow.word + sign }
  if (Bun.stringWidth(longer.word) <= width - longer.indent) return { flow: longer, text: placed.text }
  const long = place(longer, width)
  return { flow: { ...long.flow, column: long.flow.column % width, isLong: true }, text: placed.text + long.text }
}

const proseOf = (flow: Flow, text: string, width: number): Step => {
  let step: Step = { flow, text: '' }
  for (const sign of text) {
    const next = prose(step.flow, sign, width)
    step = { flow: next.flow, text: step.text + next.text }
  }
  return step
}

/** The head of a line that may still become a fence or the marker of a list item. */
const undecided = /^\s*(?:[`~]{1,2}|[-*+•]|\d{1,3}[.)]?)?$/
const fence = /^ {0,3}(```|~~~)/
const marker = /^\s*(?:[-*+•]|\d{1,3}[.)]) $/
/** Code that is indented, and rows of a table. */
const asItIs = /^(?: {4}|\t|\s*\|)/

/** Decides what a line is as soon as its head says so. */
const begin = (flow: Flow, sign: string, width: number): Step => {
  const head = flow.word + sign
  if (flow.fence !== null) {
    if (/^ {0,3}[`~]*\s*$/.test(head)) return { flow: { ...flow, word: head }, text: '' }
    return { flow: { ...flow, line: 'verbatim', word: '' }, text: head }
  }
  if (undecided.test(head)) return { flow: { ...flow, word: head }, text: '' }
  const opened = fence.exec(head)?.[1]
  if (opened !== undefined) return { flow: { ...flow, line: 'verbatim', fence: opened, word: '' }, text: head }
  const isItem = marker.test(head)
  if (!isItem && asItIs.test(head)) return { flow: { ...flow, line: 'verbatim', word: '' }, text: head }
  const lead = isItem ? head : (/^\s*/.exec(head)?.[0] ?? '')
  const column = blanks(lead)
  const indent = width - column < readable ? 0 : column
  const step = proseOf({ ...flow, line: 'prose', column, indent, word: '' }, head.slice(lead.length), width)
  return { flow: step.flow, text: lead + step.text }
}

/** What is held back of the current line. */
const rest = (flow: Flow, width: number): string => (flow.line === 'begin' ? flow.word : place(flow, width).text)

const next = (flow: Flow, sign: string, width: number): Step => {
  if (sign === '\n') {
    const closes = flow.fence !== null && flow.line === 'begin' && flow.word.trimStart().startsWith(flow.fence)
    return { flow: { ...lineBegin, fence: closes ? null : flow.fence }, text: `${rest(flow, width)}\n` }
  }
  if (flow.line === 'verbatim') return { flow, text: sign }
  return flow.line === 'begin' ? begin(flow, sign, width) : prose(flow, sign, width)
}

/** The text of one more piece that can be printed now. @param width Infinity: nothing is broken */
export const flowOn = (flow: Flow, piece: string, width: number): Step => {
  if (width === Number.POSITIVE_INFINITY) return { flow, text: piece }
  let step: Step = { flow, text: '' }
  for (const sign of piece) {
    const { flow: after, text } = next(step.flow, sign, width)
    step = { flow: after, text: step.text + text }
  }
  return step
}

/** What is still held back at the end of the text. */
export const flowEnd = (flow: Flow, width: number): string => rest(flow, width)
