/** Prose in lines of a terminal. Pure. Widths are in terminal cells. */
import { verbs } from './commands.ts'

/** A command as it is typed: the program may be a path. */
const command = String.raw`(?:sudo |echo |export )?(?:\S*/)?hal0 (?:${verbs}|--\w+)\b`

/**
 * Parts that stay together, because somebody copies them: what is quoted as code, a command from a colon to the end of its line, and a
 * line that is a command and no sentence. A line break that was copied with a command would run half of it.
 */
const together = new RegExp(
  String.raw`\`[^\`\n]+\`|(?<!\w)'${command}[^'\n]*'|(?<=: )${command}[^\n]*$|^${command}[^\n]*[^.\n]$|\S+`,
  'gm',
)

/** The words of a line, with commands as one word each. */
const wordsOf = (line: string): string[] => {
  const words: string[] = []
  let end = 0
  for (const { 0: word, index } of line.matchAll(together)) {
    // Without a blank between them, such as a bracket before a quote.
    if (index === end && words.length > 0) words[words.length - 1] += word
    else words.push(word)
    end = index + word.length
  }
  return words
}

/** Less room than this beside a term is not worth having, cells. */
const readable = 20

/** What a line begins with: its indentation, and a bullet or a term before two blanks. */
const headOf = (line: string, width: number): string => {
  const [head = '', indent = ''] = /^(\s*(?:- )?)(?:\S+ {2,})?/.exec(line) ?? []
  return width - head.length >= readable ? head : indent
}

const wrapLine = (line: string, width: number, hanging: string): string => {
  if (Bun.stringWidth(line) <= width) return line
  const head = headOf(line, width)
  const indent = ' '.repeat(Bun.stringWidth(head))
  const lines: string[] = []
  let current = head
  let isEmpty = true
  for (const word of wordsOf(line.slice(head.length))) {
    const joined = isEmpty ? current + word : `${current} ${word}`
    if (isEmpty || Bun.stringWidth(joined) <= width) {
      current = joined
    } else {
      lines.push(current)
      current = hanging + indent + word
    }
    isEmpty = false
  }
  return [...lines, current].join('\n')
}

/**
 * Breaks text at blanks, never in a word. A line that continues begins below its first word; line breaks of the text stay. A word
 * that is wider than the terminal stands on a line of its own.
 * @param hanging what a continued line begins with besides that
 */
export const wrap = (text: string, width: number, hanging = ''): string =>
  text
    .split('\n')
    .map((line) => wrapLine(line, width, hanging))
    .join('\n')

/** One line of text in at most `width` cells; what is left out is whole words, shown as `…`. */
export const shorten = (text: string, width: number): string => {
  if (Bun.stringWidth(text) <= width) return text
  let taken = ''
  for (const word of text.split(' ')) {
    const longer = taken === '' ? word : `${taken} ${word}`
    if (Bun.stringWidth(longer) > width - 2) break
    taken = longer
  }
  if (taken !== '') return `${taken} …`
  const first = `${text.split(' ')[0]}…`
  if (Bun.stringWidth(first) <= width) return first
  return width < 1 ? '' : '…'
}

/** `text` padded with spaces to `width` terminal cells. */
export const pad = (text: string, width: number, align: 'left' | 'right' = 'left'): string => {
  const space = ' '.repeat(Math.max(0, width - Bun.stringWidth(text)))
  return align === 'left' ? text + space : space + text
}
