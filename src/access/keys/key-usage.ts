/**
 * What each key has been used for, and whether it may go on. It is counted in memory, and saved at most once a minute and at the end:
 * no request waits for the disk, and a daemon that is killed forgets a minute.
 */
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { nullable } from '../../contract/schema/nullable.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { problemsOf } from '../../lib/validate.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readOwnText } from '../../system/files/own-file.ts'
import type { KeyRecord } from './key-file.ts'
import type { UsageCounter, Used } from './key-store.ts'

const Figures = Type.Object({
  last_used: nullable(Type.Number({ description: 'Unix time in milliseconds.' })),
  requests: Type.Integer(),
  tokens: Type.Integer(),
  day: Type.String({ description: 'The day (UTC) of `tokens_of_day`.' }),
  tokens_of_day: Type.Integer(),
})
const UsageFile = Type.Object({ keys: Type.Record(Type.String(), Figures) })

interface Counted extends Static<typeof Figures> {
  /** How many requests are left of this minute's, and since when (milliseconds). */
  left: number
  since: number
}

const minuteMs = 60_000
const dayMs = 86_400_000

const fileIn = (data: string): string => join(data, 'key-usage.json')

const read = async (data: string): Promise<Static<typeof UsageFile>['keys']> => {
  const text = await readOwnText(fileIn(data), 'read what the keys were used for')
  try {
    const value = JSON.parse(text ?? 'null') as unknown
    if (problemsOf(UsageFile, value).length === 0) return (value as Static<typeof UsageFile>).keys
  } catch {
    // Only figures are lost.
  }
  return {}
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

export class KeyUsage implements UsageCounter {
  readonly #data: string
  readonly #now: () => number
  readonly #keys = new Map<string, Counted>()
  readonly #timer: ReturnType<typeof setInterval>
  #changed = false

  private constructor(data: string, kept: Static<typeof UsageFile>['keys'], now: () => number) {
    this.#data = data
    this.#now = now
    for (const [name, figures] of Object.entries(kept)) {
      this.#keys.set(name, { ...figures, left: Number.POSITIVE_INFINITY, since: 0 })
    }
    this.#timer = setInterval(() => void this.save(), minuteMs)
    this.#timer.unref()
  }

  static async open(data: string, now: () => number = Date.now): Promise<KeyUsage> {
    return new KeyUsage(data, await read(data), now)
  }

  of(name: string): Used {
    const { last_used = null, requests = 0, tokens = 0 } = this.#keys.get(name) ?? {}
    return { last_used_at: last_used === null ? null : new Date(last_used).toISOString(), requests, tokens }
  }

  /** A request has shown the key. */
  seen(name: string): void {
    this.#counted(name).last_used = this.#now()
    this.#changed = true
  }

  /**
   * Counts a request for inference, if the key's limits allow it.
   * @returns `auth.rate_limited` if they do not; null: go on
   */
  admit({ name, requests_per_minute, tokens_per_day }: KeyRecord): Hal0Error | null {
    const now = this.#now()
    const counted = this.#counted(name)
    if (tokens_per_day !== null && counted.day === dayOf(now) && counted.tokens_of_day >= tokens_per_day) {
      return limited(
        `The key "${name}" has used its ${tokens_per_day} tokens of today. It gets new ones at midnight (UTC).`,
        dayMs - (now % dayMs),
        { tokens_per_day },
      )
    }
    if (requests_per_minute !== null) {
      const perMs = requests_per_minute / minuteMs
      const left = Math.min(requests_per_minute, counted.left + Math.max(0, now - counted.since) * perMs)
      if (left < 1) {
        const waitMs = (1 - left) / perMs
        return limited(
          `The key "${name}" may send ${requests_per_minute} requests a minute. Try again in ${Math.ceil(waitMs / 1000)} s.`,
          waitMs,
          { requests_per_minute },
        )
      }
      counted.left = left - 1
      counted.since = now
    }
    counted.requests++
    this.#changed = true
    return null
  }

  /** A request of the key has ended. */
  spent(name: string, tokens: number): void {
    const counted = this.#keys.get(name)
    // Revoked while its request was under way.
    if (counted === undefined || tokens === 0) return
    const today = dayOf(this.#now())
    if (counted.day !== today) Object.assign(counted, { day: today, tokens_of_day: 0 })
    counted.tokens += tokens
    counted.tokens_of_day += tokens
    this.#changed = true
  }

  forget(name: string): void {
    if (this.#keys.delete(name)) this.#changed = true
  }

  /** Never rejects: a disk that is full costs figures, and nothing else. */
  async save(): Promise<void> {
    if (!this.#changed) return
    this.#changed = false
    const keys = Object.fromEntries(
      [...this.#keys].map(([name, { left: _, since: __, ...figures }]) => [name, figures]),
    )
    try {
      await writeFileAtomic(
        fileIn(this.#data),
        `${JSON.stringify({ keys })}\n`,
        'save what the keys were used for',
        0o600,
      )
    } catch (error) {
      this.#changed = true
      log.warn(Hal0Error.from(error).message)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.save()
  }

  #counted(name: string): Counted {
    let counted = this.#keys.get(name)
    if (counted === undefined) {
      const none = { last_used: null, requests: 0, tokens: 0, day: dayOf(this.#now()), tokens_of_day: 0 }
      counted = { ...none, left: Number.POSITIVE_INFINITY, since: 0 }
      this.#keys.set(name, counted)
    }
    return counted
  }
}

const limited = (message: string, waitMs: number, details: Record<string, unknown>): Hal0Error =>
  new Hal0Error('auth.rate_limited', message, { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)), details })
