import type { PullFigures } from '../../contract/slot.ts'
import type { SlotConfig } from '../../contract/slot-config.ts'
import type { WallClock } from '../../lib/clock.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Context } from '../machine/machine.ts'

/** What the decider asks for only in some decisions. */
export interface Asked {
  obstacle(): Hal0Error | null
  missing(): string | null
  pull(): PullFigures | null
  lessMemory(): string
  expectedLoadMs(): number | null
  heardAt(): number
}

/** What one decision may look at. */
export class Now implements Context {
  readonly now: number
  readonly wall: number
  readonly bootId: string | null
  readonly config: SlotConfig
  readonly #ask: Asked

  constructor(clock: WallClock, bootId: string | null, config: SlotConfig, ask: Asked) {
    this.now = clock.now()
    this.wall = clock.wall()
    this.bootId = bootId
    this.config = config
    this.#ask = ask
  }

  get obstacle(): Hal0Error | null {
    return this.#ask.obstacle()
  }

  get missing(): string | null {
    return this.#ask.missing()
  }

  get pull(): PullFigures | null {
    return this.#ask.pull()
  }

  get expectedLoadMs(): number | null {
    return this.#ask.expectedLoadMs()
  }

  get heardAt(): number {
    return this.#ask.heardAt()
  }

  get lessMemory(): string {
    return this.#ask.lessMemory()
  }
}
