/** Colours, and what a stream's terminal can show. */
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
