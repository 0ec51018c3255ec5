/** Moves assignments from the top of a TOML text into one of its tables, with the comments that belong to them. Pure. */
import { parse } from '@decimalturn/toml-patch'

interface Statement {
  /** Index of its first comment's line, or of its own. */
  from: number
  /** Index after its last line. */
  to: number
  /** Its content, parsed by itself. */
  says: Record<string, unknown>
  isHeader: boolean
}

const sayingOf = (lines: readonly string[]): Record<string, unknown> | null => {
  try {
    return parse(lines.map((line) => line.replace(/\r$/, '')).join('\n')) as Record<string, unknown>
  } catch {
    // It continues on the next line.
    return null
  }
}

/** Splits valid text: a statement ends where it can first be parsed by itself. */
const statementsOf = (lines: readonly string[]): Statement[] => {
  const statements: Statement[] = []
  let comment: number | null = null
  for (let at = 0; at < lines.length; ) {
    const line = (lines[at] ?? '').trim()
    if (line === '' || line.startsWith('#')) {
      comment = line === '' ? null : (comment ?? at)
      at += 1
      continue
    }
    let to = at + 1
    let says = sayingOf(lines.slice(at, to))
    while (says === null && to < lines.length) says = sayingOf(lines.slice(at, ++to))
    // A comment in the first line is about the file.
    const from = comment === null || comment === 0 ? at : comment
    statements.push({ from, to, says: says ?? {}, isHeader: line.startsWith('[') })
    comment = null
    at = to
  }
  return statements
}

const isHeaderOf = ({ isHeader, says }: Statement, table: string): boolean => {
  const value = says[table]
  return isHeader && typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/**
 * @param text valid TOML
 * @param keys to move, as far as they are at the top
 * @param table its name, a bare key. If the text has it without a header of its own (inline, or by dotted keys), nothing is moved
 */
export const moveIntoTable = (text: string, keys: readonly string[], table: string): string => {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : ''
  const lines = text.slice(mark.length).split('\n')
  const statements = statementsOf(lines)
  const firstHeader = statements.findIndex(({ isHeader }) => isHeader)
  const top = firstHeader < 0 ? statements : statements.slice(0, firstHeader)
  const moving = top.filter(({ says }) => keys.some((key) => Object.hasOwn(says, key)))
  const header = statements.find((one) => isHeaderOf(one, table))
  const isElsewhere = header === undefined && statements.some(({ says }) => Object.hasOwn(says, table))
  if (moving.length === 0 || isElsewhere) return text

  const moved = moving.flatMap(({ from, to }) => lines.slice(from, to))
  const stays = (from: number, to: number): string[] =>
    lines.slice(from, to).filter((_, index) => !moving.some((one) => from + index >= one.from && from + index < one.to))
  if (header !== undefined) {
    return mark + [...stays(0, header.to), ...moved, ...stays(header.to, lines.length)].join('\n')
  }
  const end = text.includes('\r\n') ? '\r' : ''
  const before = stays(0, lines.length).join('\n').trimEnd()
  const head = before === '' ? [] : [...before.split('\n').map((line) => line.replace(/\r?$/, end)), end]
  return `${mark}${[...head, `[${table}]${end}`, ...moved.map((line) => line.replace(/\r?$/, end))].join('\n')}\n`
}
