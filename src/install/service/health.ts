/** Waits for the API to answer after its unit was started. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { ServiceState } from './service-state.ts'

/** What waiting for health needs from outside. */
export interface HealthPort {
  /** Whether `GET /api/health` answers 200. */
  answers(): Promise<boolean>
  state(): Promise<ServiceState>
  /** The last lines that the API printed. */
  lastLines(): Promise<string[]>
  sleep(ms: number): Promise<void>
  /** Milliseconds on a clock that only grows. */
  now(): number
}

const limitMs = 30_000
const pollMs = 100
/** So many restarts are no coincidence, unlike e.g. a port that was released late. */
const hopelessRestarts = 10

/** @throws Hal0Error `install.failed` with what the API printed last, after 30 s, or once it has failed or ended ten times */
export const waitHealthy = async (port: HealthPort): Promise<void> => {
  const until = port.now() + limitMs
  const before = (await port.state()).restarts
  for (;;) {
    if (await port.answers()) return
    const { restarts, shown } = await port.state()
    // Failed: systemd does not start it again, because hal0 has said what has to be changed first.
    const hopeless = restarts - before >= hopelessRestarts || shown.startsWith('failed')
    if (hopeless || port.now() > until) {
      const lines = await port.lastLines()
      const why = hopeless ? 'ends right after its start' : `does not answer within ${limitMs / 1000} s`
      const last = lines.findLast((line) => line.trim() !== '')
      throw new Hal0Error(
        'install.failed',
        `hal0 is installed, but its API ${why}${last === undefined ? '' : `: ${last.trim()}`}. Fix that, then run the same command again; hal0 doctor may know more.`,
        { details: { state: shown, last_lines: lines } },
      )
    }
    await port.sleep(pollMs)
  }
}
