/** The listening socket of the daemon. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { ListenAdvice, SocketPlace } from '../system/listen-advice.ts'
import { findPortHolder, holderText } from '../system/process/port-holder.ts'
import type { App } from './app.ts'
import { Front, type FrontOptions } from './front/front.ts'

/** The error that says why hal0 cannot listen on `port`. */
const listenError = async (
  error: unknown,
  host: string,
  port: number,
  advice: Pick<ListenAdvice, 'otherPort'>,
): Promise<Hal0Error> => {
  const errno = (error as { code?: unknown } | null)?.code
  const say = (sentence: string): Hal0Error =>
    new Hal0Error('config.invalid', sentence, { details: { host, port, errno }, cause: error })
  if (errno === 'EADDRINUSE') {
    const holder = holderText(await findPortHolder(port))
    return say(
      `Port ${port} on ${host} is taken by ${holder}. Stop that, or choose another port: ${advice.otherPort(port)}.`,
    )
  }
  if (errno === 'EACCES') {
    return say(
      `hal0 may not listen on port ${port}: ports below 1024 need root. Choose a higher one: ${advice.otherPort(port)}.`,
    )
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

/** How often a service tries an address that the machine does not have yet. */
const addressEveryMs = 1000

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code

/** @throws what the system says */
const openFront = async (options: FrontOptions, waitsForAddress: boolean): Promise<Front> => {
  const until = performance.now() + portFreeWithinMs
  for (let isTold = false; ; ) {
    try {
      return new Front(options)
    } catch (error) {
      const isLate = waitsForAddress && codeOf(error) === 'EADDRNOTAVAIL'
      if (!isLate && (codeOf(error) !== 'EADDRINUSE' || performance.now() > until)) throw error
      if (isLate && !isTold) {
        isTold = true
        log.warn(`${options.host} is not an address of this machine yet. hal0 listens there as soon as it is one.`)
      }
      await Bun.sleep(isLate ? addressEveryMs : tryEveryMs)
    }
  }
}

/**
 * Starts to serve `app`. If the port is taken, it is retried for a second.
 * @param options.port 0: any free one
 * @param advice.socket the local socket; absent: none
 * @throws Hal0Error `config.invalid` when the address is not available
 */
export const listen = async (
  app: Pick<App, 'answer' | 'refuse'>,
  options: Pick<FrontOptions, 'host' | 'port' | 'limits' | 'maxConnections'>,
  advice: Pick<ListenAdvice, 'otherPort' | 'waitsForAddress'> & { socket?: SocketPlace },
): Promise<Front> => {
  try {
    const front = await openFront(
      {
        ...options,
        answer: (request, answer) => app.answer(request, answer),
        refuse: (error, answer, request) => app.refuse(error, answer, request),
      },
      advice.waitsForAddress,
    )
    if (advice.socket !== undefined) await front.listenLocally(advice.socket)
    return front
  } catch (error) {
    throw await listenError(error, options.host, options.port, advice)
  }
}
