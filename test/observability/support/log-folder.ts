/** A folder of its own for each test, with logs in it that are closed afterwards. */
import { afterEach, beforeEach } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import type { DecisionQuery } from '../../../src/dispatch/decisions/decision-log.ts'
import type { Bounds } from '../../../src/observability/database/log-database.ts'
import { ActivityLog } from '../../../src/observability/log/activity-log.ts'
import { ThreadHere } from './thread-here.ts'

export const roomy: Bounds = { rows: 100_000, days: 36_500, bytes: 1e9 }

export class LogFolder {
  root = ''
  readonly threads: ThreadHere[] = []
  readonly #opened: ActivityLog[] = []

  constructor() {
    beforeEach(() => {
      this.threads.length = 0
      this.root = mkdtempSync(join(tmpdir(), 'hal0-log-'))
    })
    afterEach(async () => {
      for (const log of this.#opened.splice(0)) await log.close()
      rmSync(this.root, { recursive: true, force: true })
    })
  }

  get path(): string {
    return join(this.root, 'hal0.db')
  }

  get oldFolder(): string {
    return join(this.root, 'decisions')
  }

  /** @param time from which ids begin if the log does not know them; 0: at 1, or where it ends */
  open(bounds: Partial<Bounds> = {}, time = 0): ActivityLog {
    const log = new ActivityLog({
      start: () => {
        const thread = new ThreadHere()
        this.threads.push(thread)
        return thread
      },
      path: this.path,
      oldFolder: this.oldFolder,
      bounds: { ...roomy, ...bounds },
      time: () => time,
    })
    this.#opened.push(log)
    return log
  }
}

export const ids = (decisions: Decision[]): number[] => decisions.map(({ id }) => id)

export const list = async (log: ActivityLog, query: DecisionQuery = {}): Promise<Decision[]> =>
  (await log.list(query)).decisions

/** Resolves once `count` more decisions are written, or refused by the disk. */
export const told = (log: ActivityLog, count: number): Promise<number[]> =>
  new Promise((resolve) => {
    const heard: number[] = []
    const end = log.added.subscribe(({ id }) => {
      heard.push(id)
      if (heard.length < count) return
      end()
      resolve(heard)
    })
  })
