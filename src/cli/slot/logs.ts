import { wholeNumber } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { showBackendOutput } from './shared/backend-output.ts'
import { nameArgument } from './shared/slot-command.ts'

export default defineVerb({
  about: 'Print the last lines that the backend of a slot printed.',
  more: `Also as: hal0 logs NAME
With --json an array of lines; together with --follow one JSON string a line, and {"gap":{"bytes":N}} where some are missing.`,
  examples: ['hal0 slot logs primary', 'hal0 slot logs primary -n 500', 'hal0 slot logs primary -f'],
  args: {
    name: nameArgument,
    lines: { type: 'string', alias: 'n', default: '100', valueHint: 'LINES', description: 'How many lines' },
    follow: { type: 'boolean', alias: 'f', description: 'Keep printing new lines until Ctrl-C' },
  },
  run: ({ args: { name, lines, follow = false, json = false } }) =>
    showBackendOutput({ name, lines: wholeNumber('lines', lines, 1, 10_000), follow, json }),
})
