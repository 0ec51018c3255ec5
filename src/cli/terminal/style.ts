/** Colours, and text measured in terminal cells. */
import { stripVTControlCharacters, styleText } from 'node:util'

type Stream = NodeJS.WriteStream

/** Colour only on a terminal that can show it, and never with a non-empty NO_COLOR (no-color.org). */
export const coloured = (stream: Stream): boolean => {
  const { NO_COLOR, TERM } = process.env
  return stream.isTTY === true && TERM !== 'dumb' && (NO_COLOR === undefined || NO_COLOR === '')
}

export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

export const style = (stream: Stream, as: Style, text: string): string =>
  coloured(stream) ? styleText(as, text, { validateStream: false }) : text

/** Text of a backend or a model without the control sequences that could drive the terminal. Keeps tabs and newlines. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')

/** Columns of the stream's terminal; Infinity if it is not a terminal. */
export const widthOf = (stream: Stream): number =>
  stream.isTTY === true && stream.columns > 0 ? stream.columns : Infinity

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** `text` (one line, unstyled) in at most `width` terminal cells; a cut is shown as `…`. */
export const cut = (text: string, width: number): string => {
  if (Bun.stringWidth(text) <= width) return text
  let taken = ''
  let cells = 0
  for (const { segment } of graphemes.segment(text)) {
    cells += Bun.stringWidth(segment)
    if (cells > width - 1) break
    taken += segment
  }
  return width < 1 ? '' : `${taken}…`
}

/** `text` padded with spaces to `width` terminal cells. */
export const pad = (text: string, width: number, align: 'left' | 'right' = 'left'): string => {
  const space = ' '.repeat(Math.max(0, width - Bun.stringWidth(text)))
  return align === 'left' ? text + space : space + text
}
