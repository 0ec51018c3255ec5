/** Where a command's output goes: the result to stdout, everything else to stderr. */
import { createConsola } from 'consola'
import { type Style, style } from './style.ts'

const labels: Record<string, { text: string; as: Style }> = {
  error: { text: 'Error: ', as: 'red' },
  warn: { text: 'Warning: ', as: 'yellow' },
}

/**
 * Messages besides the result. The level is fixed because consola is silent when NODE_ENV is `test`.
 */
export const talk = createConsola({
  level: 3,
  reporters: [
    {
      log({ type, args }) {
        const label = labels[type]
        const prefix = label === undefined ? '' : style(process.stderr, label.as, label.text)
        process.stderr.write(`${prefix}${args.map(String).join(' ')}\n`)
      },
    },
  ],
})

/** Lines of the result. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** The result for programs. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))
