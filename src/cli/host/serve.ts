import { oneOf, wholeNumber } from '../arguments.ts'
import { defineVerb, type Verb } from '../command.ts'
import { usageError } from '../terminal/failure.ts'

/** Options given on the command line; missing ones come from hal0.toml. */
export interface ServeOptions {
  host?: string
  port?: number
  supervisor?: 'auto' | 'systemd' | 'process'
}

/**
 * The command that runs the daemon in this process.
 * @param start starts the daemon, which keeps the process alive
 */
export const serveVerb = (start: (options: ServeOptions) => Promise<void>): Verb =>
  defineVerb({
    about: 'Run the daemon: the slots, the API and the dashboard.',
    more: 'What is not given here comes from hal0.toml. Slots keep running when the daemon ends, and the next one takes them over.',
    examples: ['hal0 serve', 'hal0 serve --host 0.0.0.0 --port 8080'],
    args: {
      host: { type: 'string', valueHint: 'ADDRESS', description: 'Address to listen on; 127.0.0.1 by default' },
      port: { type: 'string', valueHint: 'PORT', description: 'Port to listen on; 8080 by default' },
      supervisor: { type: 'string', valueHint: 'KIND', description: 'auto, systemd or process; auto by default' },
    },
    async run({ args: { host, port, supervisor, json } }) {
      if (json === true) throw usageError('--json means nothing to hal0 serve: it has no result to print.')
      if (host === '') throw usageError('--host takes an address.')
      await start({
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port: wholeNumber('port', port, 0, 65_535) }),
        ...(supervisor === undefined
          ? {}
          : { supervisor: oneOf('supervisor', supervisor, ['auto', 'systemd', 'process'] as const) }),
      })
    },
  })
