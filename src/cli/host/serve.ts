import { isIP } from 'node:net'
import { serveRefusal } from '../../install/refusal.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { isApiService } from '../../system/listen-advice.ts'
import { findPaths } from '../../system/paths.ts'
import { forbidCoreDumps } from '../../system/process/core-dumps.ts'
import { hostingOf, thisCaller } from '../../system/systemd/hosting.ts'
import { oneOf, wholeNumber } from '../arguments.ts'
import { defineVerb, type Verb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure, usageError } from '../terminal/failure.ts'

/** Options given on the command line; missing ones come from hal0.toml. */
export interface ServeOptions {
  host?: string
  port?: number
  supervisor?: 'auto' | 'systemd' | 'process'
  behindProxy?: string[]
}

const addressesIn = (text: string): string[] => {
  const addresses = text.split(',').map((one) => one.trim())
  if (addresses.every((one) => isIP(one) !== 0)) return addresses
  throw usageError('--behind-proxy takes addresses of proxies, as 127.0.0.1 or 192.168.1.2,192.168.1.3.')
}

/** As a service, hal0 tells systemd by its exit status when another start helps nothing. */
const asService = (error: unknown): unknown =>
  error instanceof Hal0Error && error.code === 'config.invalid'
    ? new Failure(exitCode.configuration, error.message, { body: error.body(), cause: error })
    : error

/**
 * The command that runs the daemon in this process.
 * @param start starts the daemon, which keeps the process alive
 */
export const serveVerb = (start: (options: ServeOptions) => Promise<void>): Verb =>
  defineVerb({
    about: 'Run the daemon: the slots, the API and the dashboard.',
    more: 'What is not given here comes from hal0.toml. Slots keep running when the daemon ends, and the next one takes them over. It has no result to print, so --json is refused.',
    examples: ['hal0 serve', 'hal0 serve --host 0.0.0.0 --port 8080'],
    args: {
      host: { type: 'string', valueHint: 'ADDRESS', description: 'Address to listen on; 127.0.0.1 by default' },
      port: { type: 'string', valueHint: 'PORT', description: 'Port to listen on; 8080 by default' },
      supervisor: { type: 'string', valueHint: 'KIND', description: 'auto, systemd or process; auto by default' },
      'behind-proxy': {
        type: 'string',
        valueHint: 'ADDRESS',
        description: 'Proxy whose X-Forwarded headers count; several with commas',
      },
    },
    async run({ args: { host, port, supervisor, 'behind-proxy': proxies, json } }) {
      if (json === true) throw usageError('--json means nothing to hal0 serve: it has no result to print.')
      if (host === '') throw usageError('--host takes an address.')
      const options = {
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port: wholeNumber('port', port, 0, 65_535) }),
        ...(supervisor === undefined
          ? {}
          : { supervisor: oneOf('supervisor', supervisor, ['auto', 'systemd', 'process'] as const) }),
        ...(proxies === undefined ? {} : { behindProxy: addressesIn(proxies) }),
      }
      const caller = thisCaller()
      const isService = await isApiService()
      const hosting = hostingOf(findPaths(caller.env, caller.isRoot), caller)
      const refusal = serveRefusal({ isRoot: caller.isRoot, hosting, isService })
      if (refusal !== null) throw refusal
      forbidCoreDumps()
      await start(options).catch((error: unknown) => {
        throw isService ? asService(error) : error
      })
    },
  })
