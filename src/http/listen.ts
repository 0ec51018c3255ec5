/** The listening socket of the daemon. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { findPortOwner } from '../system/process/port-owner.ts'
import type { App } from './app.ts'
import { Front, type FrontOptions } from './front/front.ts'

/** e.g. "hal0 serve" (process 123) */
const takerOf = async (port: number): Promise<string> => {
  const owner = await findPortOwner(port, '')
  if (owner.kind !== 'other' || owner.pid === null) return 'another program'
  return owner.command === null ? `process ${owner.pid}` : `"${owner.command}" (process ${owner.pid})`
}

/** The error that says why hal0 cannot listen on `port`. */
const listenError = async (error: unknown, host: string, port: number): Promise<Hal0Error> => {
  const errno = (error as { code?: unknown } | null)?.code
  const say = (sentence: string): Hal0Error =>
    new Hal0Error('config.invalid', sentence, { details: { host, port, errno }, cause: error })
  if (errno === 'EADDRINUSE') {
    return say(
      `Port ${port} on ${host} is taken by ${await takerOf(port)}. Stop that, or choose another port with --port.`,
    )
  }
  if (errno === 'EACCES') {
    return say(`hal0 may not listen on port ${port}: ports below 1024 need root. Choose a higher one with --port.`)
  }
  if (errno === 'EADDRNOTAVAIL') {
    return say(`${host} is not an address of this machine. Choose another with --host, e.g. 127.0.0.1.`)
  }
  return say(`hal0 could not listen on ${host}:${port}. Choose another address with --host and --port.`)
}

/**
 * A daemon that is killed while it starts a backend leaves a forked child that holds its port until it becomes the backend. The next
 * daemon waits for that, instead of reporting that its port is taken.
 */
const portFreeWithinMs = 1000
const tryEveryMs = 50

const isTaken = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'EADDRINUSE'

/** @throws what the system says */
const openFront = async (options: FrontOptions): Promise<Front> => {
  const until = performance.now() + portFreeWithinMs
  for (;;) {
    try {
      return new Front(options)
    } catch (error) {
      if (!isTaken(error) || performance.now() > until) throw error
      await Bun.sleep(tryEveryMs)
    }
  }
}

/**
 * Starts to serve `app`. If the port is taken, it is retried for a second.
 * @param options.port 0: any free one
 * @throws Hal0Error `config.invalid` when the address is not available
 */
export const listen = async (
  app: Pick<App, 'answer' | 'refuse'>,
  options: Pick<FrontOptions, 'host' | 'port' | 'limits' | 'maxConnections'>,
): Promise<Front> => {
  try {
    return await openFront({
      ...options,
      answer: (request, answer) => app.answer(request, answer),
      refuse: (error, answer, request) => app.refuse(error, answer, request),
    })
  } catch (error) {
    throw await listenError(error, options.host, options.port)
  }
}
