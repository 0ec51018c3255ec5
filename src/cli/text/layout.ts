/** Decides how a table fits a terminal. Pure. Widths are in terminal cells. */
import { shorten } from './wrap.ts'

export interface Column {
  title: string
  /**
   * What may happen to it where there is little room. An `id` (of a slot, a model, a pull, a request; a key, a port) is what people
   * copy: never cut, never left out. A `figure` (a size, a state, a time) is whole or not there. `prose` may lose words at its end.
   */
  role: 'id' | 'figure' | 'prose'
  align?: 'left' | 'right'
  /** Columns with a number are left out where there is little room, the highest first; of the others only prose. */
  drop?: number
  /** Smallest width in cells, for rows that are printed one by one: the widest one is not known in advance. */
  min?: number
}

/** Below this a table leaves too little of each column. */
const narrowestTable = 60
/** Other columns go before prose gets narrower than this. */
const readableProse = 20
/** Prose narrower than this says nothing. */
const leastProse = 10

export const gap = 2

export interface TableLayout {
  /** Indexes of the columns that are shown. */
  shown: number[]
  /** Their widths. */
  widths: number[]
}

const sum = (widths: readonly number[]): number => widths.reduce((total, width) => total + width + gap, -gap)

/**
 * Which columns are shown, and how wide.
 * @param natural the width that each column would like
 * @returns null: not as a table
 */
export const layOut = (
  columns: readonly Column[],
  natural: readonly number[],
  available: number,
): TableLayout | null => {
  const wish = (index: number): number => natural[index] ?? 0
  const whole = columns.map((_, index) => index)
  // What is not a terminal has all the room there is.
  if (available === Number.POSITIVE_INFINITY) return { shown: whole, widths: whole.map(wish) }
  if (available < narrowestTable) return null
  const fits = (shown: readonly number[], prose: number): boolean =>
    sum(shown.map((index) => (columns[index]?.role === 'prose' ? Math.min(wish(index), prose) : wish(index)))) <=
    available
  const inOrder = whole
    .filter((index) => columns[index]?.drop !== undefined)
    .sort((a, b) => (columns[b]?.drop ?? 0) - (columns[a]?.drop ?? 0))
  /** Ever fewer columns; those of prose that have no number go last of all. */
  const fewer = inOrder.map((_, dropped) => whole.filter((index) => !inOrder.slice(0, dropped + 1).includes(index)))
  const essential = fewer.at(-1) ?? whole
  const shown =
    [whole, ...fewer].find((some) => fits(some, readableProse)) ??
    [essential, essential.filter((index) => columns[index]?.role !== 'prose')].find((some) => fits(some, leastProse))
  return shown === undefined ? null : { shown, widths: shareOut(columns, shown, natural, available) }
}

/** Takes what is too much from the widest prose, a cell at a time. */
const shareOut = (
  columns: readonly Column[],
  shown: readonly number[],
  natural: readonly number[],
  available: number,
): number[] => {
  const widths = shown.map((index) => natural[index] ?? 0)
  const prose = shown.flatMap((index, at) => (columns[index]?.role === 'prose' ? [at] : []))
  for (let excess = sum(widths) - available; excess > 0; excess--) {
    const widest = prose.reduce((most, at) => ((widths[at] ?? 0) > (widths[most] ?? 0) ? at : most), prose[0] ?? 0)
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

/** The text of a cell in its column. */
export const fitted = (column: Column | undefined, text: string, width: number): string =>
  column?.role === 'prose' ? shorten(text, width) : text
