/** Everything that `GET /metrics` shows. docs/metrics.md lists the names. */
import type { Decision } from '../../contract/logs/decision.ts'
import type { SlotRecord } from '../../contract/slot.ts'
import type { PullService } from '../../models/pull/pull-port.ts'
import type { SlotDirectory } from '../../slots/run/lease.ts'
import type { SlotSignal } from '../../slots/service.ts'
import { Exposition } from './exposition.ts'
import { writeProcessMetrics } from './process-metrics.ts'
import { PullMetrics } from './pull-metrics.ts'
import { RequestMetrics } from './request-metrics.ts'
import { SlotMetrics } from './slot-metrics.ts'

export interface MetricsDeps {
  version: string
  slots: Pick<SlotDirectory, 'views'>
  pulls: Pick<PullService, 'changed' | 'list'>
  /** What each key was used for. */
  usedKeys: () => readonly { name: string; requests: number; tokens: number }[]
  /** How many rows the log has lost. */
  droppedRows: () => number
}

export class Metrics {
  readonly #deps: MetricsDeps
  readonly #requests = new RequestMetrics()
  readonly #slots = new SlotMetrics()
  readonly #pulls = new PullMetrics()

  constructor(deps: MetricsDeps) {
    this.#deps = deps
    deps.pulls.changed.subscribe((pull) => this.#pulls.observe(pull))
  }

  /** A request has ended. Allocates nothing, once its like was seen before. */
  observe(decision: Decision): void {
    this.#requests.observe(decision)
  }

  /** Something happened to a slot. */
  hear(signal: SlotSignal): void {
    if (signal.kind === 'record') this.#slots.observe(JSON.parse(signal.json) as SlotRecord)
    else if (signal.kind === 'deleted') this.#slots.forget(signal.name)
  }

  /** All of it as text. */
  text(): string {
    const { version, slots, pulls, usedKeys, droppedRows } = this.#deps
    const to = new Exposition()
    to.family('hal0_build_info', 'gauge', 'Always 1; the version is a label.')
    to.sample('hal0_build_info', { version }, 1)
    const views = slots.views()
    const names = new Set(views.map(({ name }) => name))
    // Also of a slot whose last request ended after it was deleted.
    this.#requests.prune((name) => names.has(name))
    this.#slots.write(to, views)
    this.#requests.write(to)
    this.#pulls.write(to, pulls.list())
    const keys = usedKeys()
    to.family('hal0_key_requests_total', 'counter', 'Requests for inference of each key.')
    for (const { name, requests } of keys) to.sample('hal0_key_requests_total', { key: name }, requests)
    to.family('hal0_key_tokens_total', 'counter', 'Tokens of prompts and answers of each key.')
    for (const { name, tokens } of keys) to.sample('hal0_key_tokens_total', { key: name }, tokens)
    to.single(
      'hal0_log_dropped_total',
      'counter',
      'Requests that are not in the log: they came faster than it is written.',
      droppedRows(),
    )
    writeProcessMetrics(to)
    return to.text
  }
}
