import { test } from 'bun:test'
import fc from 'fast-check'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { decide } from '../../../src/slots/decide/decide.ts'
import { initialRecord } from '../../../src/slots/machine/initial.ts'
import { type Context, type Input, type Machine, machineOf } from '../../../src/slots/machine/machine.ts'
import { isLegalTransition } from '../../../src/slots/machine/states.ts'
import { initialConfig } from '../../support/slot-config.ts'

const config = {
  ...initialConfig('primary'),
  port: 8081,
  model: 'a',
  max_in_flight: 2,
  queue_length: 2,
  unload_after_s: 5,
}
const error = new Hal0Error('slot.probe_failed', 'The backend answers garbage.')
const exit = { exitCode: 1, signal: null, outOfMemory: false, lastLines: [] }
const attempt = fc.constantFrom(0, 1, 2, 3)
const id = fc.nat(8)

/** Any input at any time, including those that no owner would send in that state. */
const inputs: fc.Arbitrary<Input> = fc.oneof(
  fc.constantFrom<Input>(
    { kind: 'load' },
    { kind: 'unload' },
    { kind: 'restart' },
    { kind: 'acknowledge' },
    { kind: 'cancel' },
    { kind: 'configured' },
    { kind: 'committed' },
    { kind: 'committed' },
    { kind: 'commit-failed', error },
    { kind: 'found', found: { kind: 'running', pid: 7, runs: null } },
    { kind: 'found', found: { kind: 'running', pid: 7, runs: { model: 'b', port: 8090 } } },
    { kind: 'found', found: { kind: 'ended', exit } },
    { kind: 'found', found: { kind: 'rebooted' } },
    { kind: 'found', found: { kind: 'none' } },
  ),
  fc
    .constantFrom('load', 'linger', 'idle', 'unload', 'restart', 'waiting', 'stall')
    .map((timer) => ({ kind: 'timer', timer }) as Input),
  fc.record({
    kind: fc.constantFrom(
      'answered' as const,
      'ready' as const,
      'healthy' as const,
      'pulled' as const,
      'pull-cancelled' as const,
    ),
    attempt,
  }),
  fc.record({ kind: fc.constant('pull-failed' as const), attempt, error: fc.constant(error) }),
  fc.record({ kind: fc.constant('spawned' as const), attempt, pid: fc.constant(42) }),
  fc.record({
    kind: fc.constantFrom('launch-failed' as const, 'probe-failed' as const, 'stop-failed' as const),
    attempt,
    error: fc.constant(error),
  }),
  fc.record({
    kind: fc.constant('exited' as const),
    attempt,
    exit: fc.constant(exit),
    outOfMemory: fc.boolean(),
    port: fc.constant({ kind: 'none' as const }),
  }),
)

type Move =
  | { input: Input; passMs: number; obstacle: boolean; missing: boolean }
  | { request: true }
  | { release: number }
  | { leave: number }

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        input: inputs,
        passMs: fc.constantFrom(0, 50, 200, 20_000),
        obstacle: fc.constantFrom(false, false, false, true),
        missing: fc.constantFrom(false, false, true),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ request: true as const }) },
    { weight: 1, arbitrary: fc.record({ release: id }) },
    { weight: 1, arbitrary: fc.record({ leave: id }) },
  ),
  { minLength: 1, maxLength: 60 },
)

test('whatever comes in whatever order, the decider makes only legal transitions and answers every request at most once', () => {
  fc.assert(
    fc.property(moves, (sequence) => {
      let machine: Machine = machineOf(initialRecord(config, 'boot', 0))
      let now = 0
      let requests = 0
      let heardAt = Number.NEGATIVE_INFINITY
      const places = new Set<number>()
      const answered = new Set<number>()
      const play = (input: Input, obstacle: boolean, missing: string | null = null) => {
        const context: Context = {
          now,
          wall: now,
          bootId: 'boot',
          config,
          obstacle: obstacle ? error : null,
          missing,
          lessMemory: 'or less context',
          expectedLoadMs: null,
          heardAt,
          pull: null,
        }
        const before = machine.record
        const decision = decide(machine, input, context)
        machine = decision.machine
        if (decision.refused !== null && decision.effects.length > 0) throw new Error('a refused command had effects')
        let record = input.kind === 'committed' && before !== machine.record ? null : before
        for (const effect of decision.effects) {
          if (effect.do === 'write') {
            // Its number stays where only the intent changes.
            if (record?.seq === effect.record.seq && record.state === effect.record.state) {
              record = effect.record
              continue
            }
            if (record !== null && !isLegalTransition(record.state, effect.record.state))
              throw new Error('illegal transition')
            // A process that is found running without a record gets a number ahead of all that were published before.
            // Every other load is committed.
            const takenOver = effect.record.state === 'starting'
            const steps = record === null ? 1 : effect.record.seq - record.seq
            if (takenOver ? steps < 1 : steps !== 1) throw new Error('seq jumps')
            record = effect.record
          }
          if (effect.do === 'grant' || effect.do === 'refuse') {
            if (answered.has(effect.id)) throw new Error('a request was answered twice')
            answered.add(effect.id)
            if (effect.do === 'grant') places.add(effect.id)
          }
          if (effect.do === 'revoke') places.clear()
        }
        if (machine.inFlight !== places.size) throw new Error(`${machine.inFlight} in flight, ${places.size} places`)
        if (machine.inFlight > config.max_in_flight) throw new Error('more in flight than allowed')
        if (places.size > 0 && machine.record.state !== 'serving') throw new Error('in flight but not serving')
      }
      for (const move of sequence) {
        if ('input' in move) {
          now += move.passMs
          play(move.input, move.obstacle, move.missing ? 'far' : null)
        } else if ('request' in move) play({ kind: 'request', id: requests++ }, false)
        else if ('leave' in move) play({ kind: 'leave', id: move.leave }, false)
        else {
          const place = [...places][move.release % Math.max(1, places.size)]
          if (place === undefined) continue
          places.delete(place)
          if (place % 2 === 0) heardAt = now
          play({ kind: 'release', id: place }, false)
        }
      }
    }),
    { numRuns: 10_000 },
  )
})
