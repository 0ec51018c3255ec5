/** Where a command's output goes: the result to stdout, everything else to stderr. */
import { createConsola } from 'consola'
import { asTyped, type Typed } from '../text/commands.ts'
import { wrap } from '../text/wrap.ts'
import { type Style, style, widthOf } from './style.ts'

const labels: Record<string, { text: string; as: Style }> = {
  error: { text: 'Error: ', as: 'red' },
  warn: { text: 'Warning: ', as: 'yellow' },
}

let typed = (): Typed => ({ hal0: 'hal0', installer: 'hal0' })

/** Tells what people type here for `hal0`, as which every text spells it. @param here asked whenever a command is printed */
export const typeCommandsAs = (here: () => Typed): void => {
  typed = here
}

/** Text for people with its commands as they are typed here. */
export const withCommands = (text: string): string => asTyped(text, typed)

/**
 * Messages besides the result. The level is fixed because consola is silent when NODE_ENV is `test`.
 */
export const talk = createConsola({
  level: 3,
  reporters: [
    {
      log({ type, args }) {
        const label = labels[type]
        const text = wrap(withCommands(`${label?.text ?? ''}${args.map(String).join(' ')}`), widthOf(process.stderr))
        const rest = label === undefined ? text : text.slice(label.text.length)
        process.stderr.write(`${label === undefined ? '' : style(process.stderr, label.as, label.text)}${rest}\n`)
      },
    },
  ],
})

/** Sentences of the result, broken at blanks where the terminal is too narrow for them. */
export const say = (text: string): void => {
  process.stdout.write(`${wrap(withCommands(text), widthOf(process.stdout))}\n`)
}

/** Lines of the result, as they are. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** The result for programs. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))
