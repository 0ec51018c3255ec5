/** Pulls under way, and how pulls have ended. */
import type { Pull } from '../../contract/models/pull.ts'
import type { Exposition } from './exposition.ts'

type Phase = Pull['phase']
const running = ['resolving', 'downloading', 'verifying'] as const satisfies Phase[]
const ended = ['done', 'failed', 'cancelled'] as const satisfies Phase[]

const isEnded = (phase: Phase): phase is (typeof ended)[number] => (ended as readonly Phase[]).includes(phase)

export class PullMetrics {
  readonly #ended = { done: 0, failed: 0, cancelled: 0 }
  /** Received bytes of each pull under way, as far as they are counted. */
  readonly #received = new Map<string, number>()
  #bytes = 0

  observe({ id, phase, bytes_received }: Pull): void {
    // A pull that goes on after a restart begins with what it has.
    const before = this.#received.get(id) ?? bytes_received
    this.#bytes += Math.max(0, bytes_received - before)
    // One that has ended may still change, as when what it has received is discarded.
    if (!isEnded(phase)) this.#received.set(id, bytes_received)
    else if (this.#received.delete(id)) this.#ended[phase]++
  }

  /** @param now all pulls */
  write(to: Exposition, now: readonly Pull[]): void {
    to.family('hal0_pulls', 'gauge', 'Pulls under way, by phase.')
    for (const phase of running) {
      to.sample('hal0_pulls', { phase }, now.filter((pull) => pull.phase === phase).length)
    }
    to.family('hal0_pulls_ended_total', 'counter', 'Pulls that have ended, by how.')
    for (const outcome of ended) to.sample('hal0_pulls_ended_total', { outcome }, this.#ended[outcome])
    to.single('hal0_pull_received_bytes_total', 'counter', 'Bytes that pulls have received.', this.#bytes)
  }
}
