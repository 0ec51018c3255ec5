/** A loaded slot in simulated time: requests come, hold their places for as long as they are said to, and some clients leave before. */
import type { Priority } from '../../../src/contract/caller.ts'
import type { SlotConfig } from '../../../src/contract/slot-config.ts'
import { decide } from '../../../src/slots/decide/decide.ts'
import { initialRecord } from '../../../src/slots/machine/initial.ts'
import { type Input, type Machine, machineOf } from '../../../src/slots/machine/machine.ts'
import { initialConfig } from '../../support/slot-config.ts'
import { Agenda } from './agenda.ts'

export interface Arrival {
  at: number
  caller: string
  priority?: Priority
  /** How long it is at the backend. */
  holdsMs: number
  /** Its client leaves if it has waited for so long. */
  patienceMs?: number
}

export interface Fate extends Arrival {
  id: number
  /** Its position at arrival; null: it got a place at once. */
  position: number | null
  grantedAt: number | null
  refused: string | null
  left: boolean
  /** How many requests of its caller waited, itself included, when it came and, for a batch request, when it had aged. */
  ownWaiting: number
}

export interface Traffic {
  fates: Fate[]
  /** The most callers that waited at any time. */
  mostCallers: number
}

/** Plays all arrivals until every one has ended. @param agingMs of batch requests */
export const play = (arrivals: readonly Arrival[], settings: Partial<SlotConfig>, agingMs = 30_000): Traffic => {
  const config: SlotConfig = { ...initialConfig('primary'), port: 8081, model: 'a', ...settings }
  let machine: Machine = { ...machineOf({ ...initialRecord(config, 'boot', 0), state: 'ready' }), process: 'running' }
  let now = 0
  let mostCallers = 0
  const fates: Fate[] = arrivals.map((arrival, id) => ({
    ...arrival,
    id,
    position: null,
    grantedAt: null,
    refused: null,
    left: false,
    ownWaiting: 0,
  }))
  const agenda = new Agenda()
  let deadline: { at: number } | null = null

  const feed = (input: Input): void => {
    const decision = decide(machine, input, {
      now,
      wall: now,
      bootId: 'boot',
      config,
      obstacle: null,
      missing: null,
      lessMemory: '',
      expectedLoadMs: null,
      heardAt: 0,
      pull: null,
    })
    machine = decision.machine
    for (const effect of decision.effects) {
      const fate = 'id' in effect ? fates[effect.id] : undefined
      if (effect.do === 'grant' && fate !== undefined) {
        fate.grantedAt = now
        const { id, holdsMs } = fate
        agenda.at(now + holdsMs, () => feed({ kind: 'release', id, since: effect.at }))
      } else if (effect.do === 'queue' && fate !== undefined) fate.position = effect.position
      else if (effect.do === 'refuse' && fate !== undefined) fate.refused = effect.error.code
      else if (effect.do === 'set-timer' && effect.timer === 'waiting') {
        const due = { at: Math.ceil(now + effect.ms) }
        deadline = due
        agenda.at(due.at, () => deadline === due && feed({ kind: 'timer', timer: 'waiting' }))
      } else if (effect.do === 'clear-timer' && effect.timer === 'waiting') deadline = null
    }
    mostCallers = Math.max(mostCallers, machine.turns.length)
  }
  const countOwn = (fate: Fate): void => {
    const own = machine.waiting.filter(({ caller }) => caller === fate.caller).length
    if (machine.waiting.some(({ id }) => id === fate.id)) fate.ownWaiting = Math.max(fate.ownWaiting, own)
  }

  for (const fate of fates) {
    const { id, caller, priority = 'interactive', patienceMs } = fate
    agenda.at(fate.at, () => {
      feed({ kind: 'request', id, caller, priority })
      countOwn(fate)
    })
    if (priority === 'batch') agenda.at(fate.at + agingMs, () => countOwn(fate))
    if (patienceMs !== undefined)
      agenda.at(fate.at + patienceMs, () => {
        if (!machine.waiting.some((one) => one.id === id)) return
        fate.left = true
        feed({ kind: 'leave', id })
      })
  }
  agenda.play((time) => {
    now = time
  })
  if (machine.waiting.length > 0 || machine.inFlight > 0) throw new Error('somebody waits for ever')
  return { fates, mostCallers }
}
