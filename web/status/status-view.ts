/** The daemon itself: version, uptime, problems. */
import type { Status } from '../../src/contract/system.ts'
import { age } from '../../src/lib/figures.ts'
import { byId, element, setText } from '../dom.ts'

/** @param at when `status` was received, milliseconds since the Unix epoch */
const line = ({ version, uptime_s, supervisor }: Status, at: number): string =>
  `${version} · up ${age(uptime_s + (Date.now() - at) / 1000)} · ${supervisor} supervisor`

export class StatusView {
  #status: Status | null = null
  #at = 0

  constructor() {
    setInterval(() => this.#tick(), 1000)
  }

  show(status: Status): void {
    this.#status = status
    this.#at = Date.now()
    const problems = byId('problems')
    problems.hidden = status.problems.length === 0
    problems.replaceChildren(...status.problems.map((problem) => element('li', {}, problem)))
    this.#tick()
  }

  #tick(): void {
    if (this.#status !== null) setText(byId('status'), line(this.#status, this.#at))
  }
}

/** @param lost whether the data on the page may be out of date */
export const showConnection = (lost: boolean): void => {
  const notice = byId('connection')
  notice.hidden = !lost
  setText(notice, lost ? 'Connection lost. What you see may be out of date; trying again…' : '')
}
