/** Words of a command line, split and written as a shell does it. Pure. */

/** Characters that a backslash protects between double quotes; before others it stands for itself. */
const protectable = '"\\$`\n'

/**
 * The words of a text: blanks separate them, quotes and backslashes keep them together. Nothing is expanded.
 * @returns null when a quote is not closed, or nothing is behind the last backslash
 */
export const shellWords = (text: string): string[] | null => {
  const words: string[] = []
  let word: string | null = null
  let quote: string | null = null
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string
    if (sign === '\\' && quote !== "'") {
      const next = text[++at]
      if (next === undefined) return null
      const isProtected = quote === null || protectable.includes(next)
      // A line that goes on.
      word = (word ?? '') + (isProtected && next === '\n' ? '' : isProtected ? next : sign + next)
    } else if (sign === quote) {
      quote = null
    } else if (quote === null && (sign === '"' || sign === "'")) {
      quote = sign
      // '' is a word, too.
      word ??= ''
    } else if (quote === null && /\s/.test(sign)) {
      if (word !== null) words.push(word)
      word = null
    } else {
      word = (word ?? '') + sign
    }
  }
  if (quote !== null) return null
  return word === null ? words : [...words, word]
}

/** Quoted so that a shell reads it as one word. */
export const quoted = (text: string): string =>
  /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** Words as one text that `shellWords` splits into them again. */
export const shellText = (words: readonly string[]): string => words.map(quoted).join(' ')
