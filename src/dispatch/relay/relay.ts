/** Sends one request to a backend and its answer to the client. */
import { RelayExchange } from './relay-exchange.ts'
import type { RelayReport, RelayRequest } from './relay-request.ts'

/**
 * Resolves when the backend's answer has begun or was sent; later failures break it off. The lease is released exactly once, when the
 * answer has ended in whatever way.
 * @param report called once at the end of an answer that has begun
 * @throws Hal0Error `upstream.failed`, `upstream.timeout`, or what the slot says about its backend; ClientGone
 */
export const relay = (request: RelayRequest, report: (report: RelayReport) => void): Promise<void> =>
  new Promise((answer, refuse) => {
    new RelayExchange(request, answer, refuse, report).begin()
  })
