/** Makes text safe for the log: names and messages come from strangers, and may hold secrets by mistake. Pure. */

// C0, DEL, C1, and the marks that change the order in which a terminal shows text: nobody may write lines of their own, or colours.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => {
  if (character === '\n') return '\\n'
  if (character === '\t') return ' '
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** What is left of a secret shows whose it was, and no more. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/hal0_[A-Za-z0-9_-]{16,}/g, 'hal0_…'],
  [/hf_[A-Za-z0-9]{8,}/g, 'hf_…'],
  [/\bsk-[A-Za-z0-9_-]{8,}/g, 'sk-…'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 …'],
  [
    /\b((?:proxy-)?authorization|(?:x-)?api-key|(?:set-)?cookie)(["']?\s*[:=]\s*["']?)(?!Bearer …|Basic …)[^\s"',;]+/gi,
    '$1$2…',
  ],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi, '$1…@'],
]

/** The text without secrets. */
export const redacted = (text: string): string =>
  secrets.reduce((shown, [pattern, instead]) => shown.replace(pattern, instead), text)

/** One line of the log. */
export const logText = (text: string): string => redacted(text).replace(control, escaped)

/** Lines of a stack trace, which are made here: what precedes them is the message. */
const frames = (stack: string | undefined): string =>
  (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => `\n${logText(line)}`)
    .join('')

const deepest = 8

/** A copy of the error whose texts are safe; its causes, too. */
const safeError = (error: Error, depth: number): Error => {
  const copy = new Error(logText(error.message))
  copy.name = logText(error.name)
  copy.stack = `${copy.name}: ${copy.message}${frames(error.stack)}`
  if (error.cause !== undefined && depth < deepest) copy.cause = safeValue(error.cause, depth + 1)
  return copy
}

const safeValue = (value: unknown, depth: number): unknown => {
  if (value instanceof Error) return safeError(value, depth)
  if (typeof value === 'string') return logText(value)
  if (typeof value !== 'object' || value === null) return value
  return logText(Bun.inspect(value).replaceAll(/\s*\n\s*/g, ' '))
}

/** What is given to the log, safe to print. */
export const safeForLog = (value: unknown): unknown => safeValue(value, 0)
