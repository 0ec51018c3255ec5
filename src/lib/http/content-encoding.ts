import { Hal0Error } from '../hal0-error.ts'
import type { WireHeaders } from './wire-headers.ts'

/**
 * Refuses a compressed body: its unpacked size is unknown, and whoever reads it would find bytes that are not JSON.
 * @throws Hal0Error `request.unsupported` with status 415
 */
export const requireIdentity = (headers: Pick<WireHeaders, 'get'>): void => {
  const encoding = headers.get('content-encoding')
  if (encoding === null || /^(?:\s*identity\s*,?)*\s*$/i.test(encoding)) return
  throw new Hal0Error(
    'request.unsupported',
    `The body has the Content-Encoding "${encoding.slice(0, 64)}", which hal0 does not take. Send it without compression.`,
    { param: 'content-encoding', status: 415 },
  )
}
