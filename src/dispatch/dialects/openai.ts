/** OpenAI's dialect, whose error envelope is hal0's own. Pure. */
import type { DialectRules } from './dialect.ts'

export const openai: DialectRules = {
  errorBody: (error) => error.envelope(),
  /** Its clients raise it as an error of the API. */
  errorEvent: (error) => `data: ${JSON.stringify(error.envelope())}\n\n`,
  isLastEvent: (tail) => /(?:^|\n)data: ?\[DONE\]\s*$/.test(tail.toString('latin1', Math.max(0, tail.length - 64))),
}
