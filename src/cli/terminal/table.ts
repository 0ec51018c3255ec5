import { cut, pad, printable, type Style, style, widthOf } from './style.ts'

export interface Cell {
  text: string
  as: Style
}

export interface Column {
  title: string
  align?: 'left' | 'right'
  /** Smallest width in cells, for rows that are printed one by one: the widest one is not known in advance. */
  min?: number
}

type Row = readonly (string | Cell)[]

const gap = 2
const narrowest = 6
const textOf = (cell: string | Cell): string =>
  printable(typeof cell === 'string' ? cell : cell.text).replaceAll(/\s+/g, ' ')

/** Narrows the widest column, one cell at a time, until the row fits; no column gets narrower than `narrowest`. */
const fit = (widths: number[], available: number): number[] => {
  const fitted = [...widths]
  let excess = fitted.reduce((sum, width) => sum + width + gap, -gap) - available
  while (excess > 0) {
    const widest = Math.max(...fitted)
    if (widest <= narrowest) break
    fitted[fitted.indexOf(widest)] = widest - 1
    excess -= 1
  }
  return fitted
}

const line = (columns: readonly Column[], widths: number[], row: Row): string =>
  row
    .map((cell, index) => {
      const width = widths[index] ?? 0
      const text = cut(textOf(cell), width)
      const filled =
        index === row.length - 1 && columns[index]?.align !== 'right' ? text : pad(text, width, columns[index]?.align)
      return typeof cell === 'string' ? filled : style(process.stdout, cell.as, filled)
    })
    .join(' '.repeat(gap))

/** Aligned rows under a heading, each on one line of the terminal; not cut if stdout is not a terminal. */
export const table = (columns: readonly Column[], rows: readonly Row[]): string => {
  const heading: Row = columns.map(({ title }) => ({ text: title, as: 'dim' }))
  const widths = columns.map(({ min = 0 }, index) =>
    Math.max(min, ...[heading, ...rows].map((row) => Bun.stringWidth(textOf(row[index] ?? '')))),
  )
  const fitted = fit(widths, widthOf(process.stdout))
  return [heading, ...rows].map((row) => line(columns, fitted, row)).join('\n')
}

/** One row without a heading, in the columns' minimum widths, for lists that grow while they are watched. */
export const row = (columns: readonly Column[], cells: Row): string => {
  const widths = columns.map(({ min = 0 }, index) => Math.max(min, Bun.stringWidth(textOf(cells[index] ?? ''))))
  return line(columns, fit(widths, widthOf(process.stdout)), cells)
}

/** Names and values, one pair on each line. Long values are not cut: this is where people read them in full. */
export const fields = (pairs: readonly (readonly [string, string | Cell])[]): string => {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs
    .map(([name, value]) => {
      const shown = typeof value === 'string' ? textOf(value) : style(process.stdout, value.as, textOf(value))
      return `${style(process.stdout, 'dim', pad(name, width))}  ${shown}`
    })
    .join('\n')
}
