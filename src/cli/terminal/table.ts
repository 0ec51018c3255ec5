/** Tables, lists and pairs on stdout, as its terminal can show them. */
import { type Column, fitted, gap, layOut, type TableLayout } from '../text/layout.ts'
import { pad, wrap } from '../text/wrap.ts'
import { withCommands } from './output.ts'
import { printable, type Style, style, widthOf } from './style.ts'

export type { Column } from '../text/layout.ts'

export interface Cell {
  text: string
  as: Style
}

type Row = readonly (string | Cell)[]

const textOf = (cell: string | Cell | undefined): string =>
  printable(typeof cell === 'object' ? cell.text : (cell ?? '')).replaceAll(/\s+/g, ' ')

const styled = (cell: string | Cell | undefined, text: string): string =>
  typeof cell === 'object' ? style(process.stdout, cell.as, text) : text

const headingOf = (columns: readonly Column[]): Row => columns.map(({ title }) => ({ text: title, as: 'dim' }))

const line = (columns: readonly Column[], { shown, widths }: TableLayout, row: Row): string =>
  shown
    .map((index, at) => {
      const column = columns[index]
      const width = widths[at] ?? 0
      const text = fitted(column, textOf(row[index]), width)
      const isLast = at === shown.length - 1 && column?.align !== 'right'
      return styled(row[index], isLast ? text : pad(text, width, column?.align))
    })
    .join(' '.repeat(gap))

/** What a cell says when there is nothing to say. */
const isNothing = (text: string): boolean => text === '' || text === '-'

/** One row below its first cell: name and value of each other one on a line. */
const block = (columns: readonly Column[], row: Row, width: number): string => {
  const pairs = columns.flatMap(({ title }, index) => {
    const text = textOf(row[index])
    return index === 0 || isNothing(text) ? [] : [[title.toLowerCase(), row[index] ?? ''] as const]
  })
  const head = styled(row[0], textOf(row[0]))
  return pairs.length === 0 ? head : `${head}\n${fields(pairs, { indent: '  ', width })}`
}

/**
 * Aligned rows under a heading, or a list of blocks where the terminal is too narrow for that. Ids are always whole; if stdout is
 * not a terminal, everything is.
 */
export const table = (
  columns: readonly Column[],
  rows: readonly Row[],
  width: number = widthOf(process.stdout),
): string => {
  const all = [headingOf(columns), ...rows]
  const natural = columns.map((_, index) => Math.max(...all.map((row) => Bun.stringWidth(textOf(row[index])))))
  const layout = layOut(columns, natural, width)
  if (layout === null) return rows.map((row) => block(columns, row, width)).join('\n\n')
  return all.map((row) => line(columns, layout, row)).join('\n')
}

/** A list that grows while it is watched: its heading, if it has one, and its rows one by one. */
export interface GrowingTable {
  /** null: it is a list of blocks. */
  heading: string | null
  row(cells: Row): string
}

/** @param columns with the widths that their cells are expected to have; a wider one moves the rest of its row */
export const growingTable = (columns: readonly Column[], width: number = widthOf(process.stdout)): GrowingTable => {
  const layout = layOut(
    columns,
    columns.map(({ title, min = 0 }) => Math.max(min, Bun.stringWidth(title))),
    width,
  )
  if (layout === null) return { heading: null, row: (cells) => block(columns, cells, width) }
  return {
    heading: line(columns, layout, headingOf(columns)),
    row: (cells) => line(columns, roomFor(columns, layout, cells, width), cells),
  }
}

/** The layout of one row: every cell whole but the last, prose, which has what is left. */
const roomFor = (
  columns: readonly Column[],
  { shown, widths }: TableLayout,
  cells: Row,
  width: number,
): TableLayout => {
  const wide = shown.map((index, at) => Math.max(widths[at] ?? 0, Bun.stringWidth(textOf(cells[index]))))
  const last = wide.length - 1
  if (columns[shown[last] ?? 0]?.role !== 'prose') return { shown, widths: wide }
  const before = wide.slice(0, last).reduce((total, one) => total + one + gap, 0)
  return { shown, widths: [...wide.slice(0, last), Math.max(1, width - before)] }
}

/**
 * Names and values, one pair on each line. Values are never cut: this is where people read them in full. A long one goes on below
 * where it begins, or below its name where it would not fit beside it.
 * @param options `indent` is put before each line
 */
export const fields = (
  pairs: readonly (readonly [string, string | Cell])[],
  { indent = '', width = widthOf(process.stdout) }: { indent?: string; width?: number } = {},
): string => {
  const names = Math.max(...pairs.map(([name]) => Bun.stringWidth(name)))
  const room = width - indent.length - names - gap
  return pairs
    .map(([name, value]) => {
      const text = withCommands(textOf(value))
      const beside = wrap(text, room)
      const fits = beside.split('\n').every((one) => Bun.stringWidth(one) <= room)
      const left = style(process.stdout, 'dim', fits ? pad(name, names) : name)
      const below = indent + ' '.repeat(fits ? names + gap : gap)
      const lines = (fits ? beside : wrap(text, width - below.length)).split('\n').map((one) => styled(value, one))
      if (fits) return `${indent}${left}${' '.repeat(gap)}${lines.join(`\n${below}`)}`
      return `${indent}${left}\n${lines.map((one) => below + one).join('\n')}`
    })
    .join('\n')
}
