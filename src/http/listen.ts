/** The listening socket of the daemon. */
import type { Server } from 'bun'
import { inferencePaths } from '../dispatch/openai.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { findPortOwner } from '../system/process/port-owner.ts'
import type { App } from './app.ts'
import { errorResponse } from './errors.ts'
import { withSecurityHeaders } from './security-headers.ts'

/** Seconds after which a connection without a request is closed. */
const idleTimeoutS = 30

/** e.g. "hal0 serve" (process 123) */
const takerOf = async (port: number): Promise<string> => {
  const owner = await findPortOwner(port, '')
  if (owner.kind !== 'other' || owner.pid === null) return 'another program'
  return owner.command === null ? `process ${owner.pid}` : `"${owner.command}" (process ${owner.pid})`
}

/** Why `port` cannot be listened on, in a sentence. */
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

type Handler = (request: Request, server: Server<undefined>) => Response | Promise<Response>

/** The plain spelling of the inference paths; whatever else there is goes to `fetch`. */
const inferenceRoutes = (app: App): Record<string, { POST: Handler }> =>
  Object.fromEntries(
    [...inferencePaths.keys()].map((path) => [
      path,
      { POST: (request, server) => app.infer(request, path, () => server.timeout(request, 0)) },
    ]),
  )

/**
 * Starts to serve `app`.
 * @param port 0: any free one
 * @throws Hal0Error `config.invalid` when the address cannot be had
 */
export const listen = async (app: App, { host, port }: { host: string; port: number }): Promise<Server<undefined>> => {
  try {
    return Bun.serve({
      hostname: host,
      port,
      // A second daemon must not share the port silently.
      reusePort: false,
      development: false,
      idleTimeout: idleTimeoutS,
      // Bun would answer without an envelope; the readers of bodies keep the bounds instead.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      routes: inferenceRoutes(app),
      fetch(request, server) {
        return app.handle(request, () => server.timeout(request, 0))
      },
      error: (error) => withSecurityHeaders(errorResponse(error, { method: 'a request', url: '' })),
    })
  } catch (error) {
    throw await listenError(error, host, port)
  }
}
