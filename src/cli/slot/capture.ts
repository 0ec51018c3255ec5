import type { Captured } from '../../contract/logs/captured.ts'
import { bytes } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { wholeNumber } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { printable, style } from '../terminal/style.ts'
import { nameArgument } from './shared/slot-command.ts'

/** A text as it was sent, line by line; its head says how long all of it is. */
const shown = (what: string, { text, bytes: length }: Captured['request']): string => {
  const head = style(process.stdout, 'dim', `${what}, ${bytes(length)}`)
  if (text === null) return `${head}, which is no text`
  const cut = Buffer.byteLength(text) < length ? '\n… (the rest was not kept)' : ''
  return `${head}\n${text.trimEnd().split('\n').map(printable).join('\n')}${cut}`
}

const entry = ({ time, request_id, path, model, status, outcome, request, answer }: Captured): string =>
  [
    style(process.stdout, 'bold', `${time}  ${request_id}  ${path}  ${printable(model ?? '-')}  ${status} ${outcome}`),
    shown('prompt', request),
    shown('answer', answer),
  ].join('\n')

export default defineVerb({
  about: 'Print prompts and answers of the last requests, of a slot that captures them.',
  more: `They are kept while this is on: hal0 slot edit NAME --set capture=true
Turned off, everything that was kept is deleted. Newest last; with --json an array, newest first.`,
  examples: ['hal0 slot capture primary', 'hal0 slot capture primary -n 1'],
  args: {
    name: nameArgument,
    count: {
      type: 'string',
      alias: 'n',
      default: '10',
      valueHint: 'COUNT',
      description: 'How many requests, at most 100',
    },
  },
  async run({ args: { name, count, json } }) {
    const limit = wholeNumber('count', count, 1, 100)
    const captured = await call('slotCaptures', { params: { name }, query: { limit } })
    if (json) return printJson(captured)
    print(captured.toReversed().map(entry).join('\n\n'))
    if (captured.length > 0) return
    const { config } = await call('showSlot', { params: { name } })
    talk.log(
      config.capture
        ? `No request has come to ${name} since its prompts and answers are kept.`
        : `Prompts and answers of ${name} are not kept. Keep them from now on with: hal0 slot edit ${name} --set capture=true`,
    )
  },
})
