/** Tests whether a daemon could listen at an address, before it is written into hal0.toml. */
import { Hal0Error } from '../../lib/hal0-error.ts'

const reasons: Record<string, (host: string, port: number) => { param: string; sentence: string }> = {
  EADDRINUSE: (host, port) => ({
    param: 'port',
    sentence: `Port ${port} on ${host} is taken by another program. Stop that, or choose another port.`,
  }),
  EACCES: (_, port) => ({
    param: 'port',
    sentence: `hal0 may not listen on port ${port}: ports below 1024 need root. Choose a higher one.`,
  }),
}

/**
 * Listens for a moment.
 * @param port 0: only test the address
 * @throws Hal0Error `request.invalid` why not
 */
export const tryListen = async (host: string, port: number): Promise<void> => {
  try {
    const fetch = () => new Response(null, { status: 503 })
    await Bun.serve({ hostname: host, port, reusePort: false, development: false, fetch }).stop(true)
  } catch (error) {
    const errno = (error as { code?: unknown } | null)?.code
    const { param, sentence } = reasons[String(errno)]?.(host, port) ?? {
      param: 'host',
      sentence: `${host} is not an address of this machine. Choose another, e.g. 127.0.0.1.`,
    }
    throw new Hal0Error('request.invalid', sentence, { param, details: { host, port, errno }, cause: error })
  }
}
