import { describe, expect, test } from 'bun:test'
import type { SlotState } from '../../../src/contract/slot.ts'
import type { SlotConfig } from '../../../src/contract/slot-config.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { decide } from '../../../src/slots/decide/decide.ts'
import { initialRecord } from '../../../src/slots/machine/initial.ts'
import { type Decision, type Input, type Machine, machineOf } from '../../../src/slots/machine/machine.ts'
import { initialConfig } from '../../support/slot-config.ts'

const base: SlotConfig = { ...initialConfig('primary'), port: 8081, model: 'a' }
const exit = { exitCode: 3, signal: null, outOfMemory: false, lastLines: ['it broke'] }
const failure = new Hal0Error('slot.probe_failed', 'The backend answers garbage.')

const machineIn = (state: SlotState, more: Partial<Machine> = {}): Machine => ({
  ...machineOf({
    ...initialRecord(base, 'boot', 0),
    state,
    error: state === 'error' ? failure.body() : null,
  }),
  attempt: 1,
  process: state === 'offline' || state === 'error' ? 'none' : 'running',
  ...more,
})

const play = (machine: Machine, input: Input, config: Partial<SlotConfig> = {}, now = 0, heardAt = -1): Decision =>
  decide(machine, input, {
    now,
    wall: now,
    bootId: 'boot',
    config: { ...base, ...config },
    obstacle: null,
    missing: null,
    lessMemory: 'or less context',
    expectedLoadMs: null,
    pull: null,
    heardAt,
  })

const states = ({ effects }: Decision) =>
  effects.flatMap((effect) => (effect.do === 'write' ? [effect.record.state] : []))
const doing = ({ effects }: Decision): string[] =>
  effects.map((effect) => effect.do).filter((what) => what !== 'clear-timer')
const refusal = ({ effects }: Decision): string | null =>
  effects.flatMap((effect) => (effect.do === 'refuse' ? [effect.error.code] : []))[0] ?? null

const exited: Input = { kind: 'exited', attempt: 1, exit, outOfMemory: false, port: { kind: 'none' } }

test('a restart that was requested while a load began, and that the disk refuses, does not cost that load', () => {
  const asked = play(machineIn('offline'), { kind: 'load' })
  const again = play(asked.machine, { kind: 'restart' })
  // The beginning is on disk, but the restart that was to follow is not.
  const begun = play(again.machine, { kind: 'committed' })
  expect(begun.machine.record.state).toBe('starting')
  expect(doing(begun)).toEqual(['commit'])
  const refused = play(begun.machine, { kind: 'commit-failed', error: failure })
  expect(refused.machine.record.state).toBe('starting')
  expect(doing(refused)).toEqual(['set-timer', 'launch'])
})

describe('a death of the backend', () => {
  test('while idle goes through ready to error', () => {
    expect(states(play(machineIn('idle'), exited))).toEqual(['ready', 'error'])
  })
  for (const state of ['starting', 'warming', 'ready', 'serving'] as const) {
    test(`while ${state} goes to error and says how it ended`, () => {
      const decision = play(machineIn(state), exited)
      expect(states(decision)).toEqual(['error'])
      expect(decision.machine.record.error?.code).toBe('slot.crashed')
      expect(decision.machine.record.error?.details).toMatchObject({ exit_code: 3, last_lines: ['it broke'] })
    })
  }
  test('while unloading completes the unload', () => {
    expect(states(play(machineIn('unloading', { process: 'stopping' }), exited))).toEqual(['offline'])
  })
  test('of an earlier process changes nothing', () => {
    expect(play(machineIn('ready', { attempt: 2 }), exited).effects).toEqual([])
  })
  test('that is reported once more while the next load is being written does not begin it twice', () => {
    const asked = play(machineIn('offline'), { kind: 'load' })
    const again = play(asked.machine, { kind: 'restart' })
    for (const late of [exited, { kind: 'launch-failed', attempt: 1, error: failure }] as const) {
      expect(play(again.machine, late)).toEqual({ machine: again.machine, effects: [], refused: null })
    }
  })
  test('that leaves other processes behind stops them, and the slot is offline only once they are gone', () => {
    const left: Input = { ...exited, exit: { ...exit, remains: true } }
    const crashedWith = play(machineIn('ready'), left)
    expect(states(crashedWith)).toEqual(['error'])
    expect(doing(crashedWith)).toContain('stop')
    const acknowledged = play(crashedWith.machine, { kind: 'acknowledge' })
    expect(acknowledged.machine.record.state).toBe('error')
    expect(states(play(acknowledged.machine, exited))).toEqual(['offline'])
  })
  test('that leaves others behind, reported while they are being stopped, does not end the stop', () => {
    const unloading = machineIn('unloading', { process: 'stopping' })
    const left = play(unloading, { ...exited, exit: { ...exit, remains: true } })
    expect(states(left)).toEqual([])
    expect(states(play(left.machine, exited))).toEqual(['offline'])
  })
  test('by the OOM killer is out of memory', () => {
    const decision = play(machineIn('warming'), { ...exited, outOfMemory: true })
    expect(decision.machine.record.error?.code).toBe('slot.out_of_memory')
    expect(decision.machine.record.error?.message).toEndWith('Take a smaller model, or less context.')
  })
  test('that was probably caused by the OOM killer says so, and asserts nothing', () => {
    const decision = play(machineIn('warming'), { ...exited, outOfMemory: 'probably' })
    expect(decision.machine.record.error?.code).toBe('slot.out_of_memory')
    expect(decision.machine.record.error?.message).toMatch(/probably for lack of memory/)
  })
  test('while its port is somebody else’s is a port in use', () => {
    const decision = play(machineIn('starting'), { ...exited, port: { kind: 'other', pid: 9, command: 'nc' } })
    expect(decision.machine.record.error?.code).toBe('slot.port_in_use')
  })
})

describe('a load', () => {
  test('is written before anything is launched', () => {
    const asked = play(machineIn('offline'), { kind: 'load' })
    expect(doing(asked)).toEqual(['commit'])
    expect(asked.machine.record.state).toBe('offline')
    const durable = play(asked.machine, { kind: 'committed' })
    expect(doing(durable)).toContain('launch')
    expect(durable.machine.record.state).toBe('starting')
  })
  test('that the disk refuses leaves the old state', () => {
    const asked = play(machineIn('offline'), { kind: 'load' })
    const { machine } = play(asked.machine, { kind: 'commit-failed', error: failure })
    expect(machine).toMatchObject({ committing: null, record: { state: 'offline', seq: 0 } })
    expect(doing(play(machine, { kind: 'load' }))).toEqual(['commit'])
  })
  for (const state of ['starting', 'warming', 'ready', 'serving', 'idle'] as const) {
    test(`is joined while ${state}`, () => {
      expect(play(machineIn(state), { kind: 'load' })).toMatchObject({ refused: null, effects: [] })
    })
  }
  test('acknowledges an error first', () => {
    const asked = play(machineIn('error'), { kind: 'load' })
    expect(asked.machine.committing).toMatchObject({ state: 'offline', intent: 'load', seq: 1 })
    const accepted = play(asked.machine, { kind: 'committed' })
    expect(accepted.machine.record.state).toBe('offline')
    expect(accepted.machine.committing).toMatchObject({ state: 'starting', intent: null, seq: 2 })
  })
  for (const state of ['error', 'unloading'] as const) {
    test(`while ${state} with a process that is not gone yet waits for its end`, () => {
      const asked = play(machineIn(state, { process: 'stopping' }), { kind: 'load' })
      expect(asked.refused).toBeNull()
      expect(asked.machine.committing).toMatchObject({ state, intent: 'load', seq: 0 })
      const ended = play(play(asked.machine, { kind: 'committed' }).machine, exited)
      expect(states(ended)).toEqual(['offline'])
      expect(ended.machine.committing).toMatchObject({ state: 'starting', intent: null })
    })
  }
  test('that is ready with its first answer still goes through warming', () => {
    expect(states(play(machineIn('starting'), { kind: 'ready', attempt: 1 }))).toEqual(['warming', 'ready'])
  })
  test('that takes too long is an error', () => {
    const { machine } = play(machineIn('warming'), { kind: 'timer', timer: 'load' })
    expect(machine.record.error?.code).toBe('slot.load_timeout')
  })
})

describe('a cancelled load', () => {
  for (const state of ['starting', 'warming'] as const) {
    test(`goes from ${state} through error to offline`, () => {
      const cancelled = play(machineIn(state), { kind: 'cancel' })
      expect(states(cancelled)).toEqual(['error'])
      expect(cancelled.machine.record.error?.code).toBe('slot.load_cancelled')
      expect(states(play(cancelled.machine, exited))).toEqual(['offline'])
    })
  }
  test('needs a load under way', () => {
    for (const state of ['offline', 'ready', 'serving', 'idle', 'unloading', 'error'] as const) {
      expect(play(machineIn(state), { kind: 'cancel' }).refused?.code).toBe('slot.invalid_transition')
    }
  })
})

describe('an acknowledgement', () => {
  test('takes a slot from error to offline', () => {
    expect(states(play(machineIn('error'), { kind: 'acknowledge' }))).toEqual(['offline'])
  })
  test('waits for the end of the failed process', () => {
    const asked = play(machineIn('error', { process: 'stopping' }), { kind: 'acknowledge' })
    expect(asked.machine.record.state).toBe('error')
    expect(states(play(asked.machine, exited))).toEqual(['offline'])
  })
  test('is remembered by the next daemon when the failed process outlives this one', () => {
    const asked = play(machineIn('error', { process: 'stopping' }), { kind: 'acknowledge' })
    expect(asked.effects).toContainEqual({ do: 'write', record: asked.machine.record })
    for (const left of [{ kind: 'none' }, { kind: 'running', pid: 7, runs: null }] as const) {
      const next = play(machineOf(asked.machine.record, false), { kind: 'found', found: left })
      const last = left.kind === 'none' ? next : play(next.machine, exited)
      expect(states(last)).toEqual(['offline'])
    }
  })
  test('needs an error', () => {
    for (const state of ['offline', 'starting', 'ready', 'unloading'] as const) {
      expect(play(machineIn(state), { kind: 'acknowledge' }).refused?.code).toBe('slot.invalid_transition')
    }
  })
})

describe('how a request is handled', () => {
  const request: Input = { kind: 'request', id: 1 }
  const met: [SlotState, string | null][] = [
    ['offline', 'slot.not_loaded'],
    ['unloading', 'slot.unloading'],
    ['error', 'slot.probe_failed'],
    ['starting', null],
    ['warming', null],
    ['ready', null],
    ['idle', null],
    ['serving', null],
  ]
  for (const [state, code] of met) {
    test(`${state}: ${code ?? 'not refused'}`, () => expect(refusal(play(machineIn(state), request))).toBe(code))
  }
  test('offline and on demand: it starts one load and waits', () => {
    const first = play(machineIn('offline'), request, { load: 'on-demand' })
    const second = play(first.machine, { kind: 'request', id: 2 }, { load: 'on-demand' })
    expect(doing(first)).toContain('commit')
    expect(doing(second)).not.toContain('commit')
    expect(second.machine.waiting.map(({ id }) => id)).toEqual([1, 2])
  })
  test('starting for longer than start_wait_s: slot.starting', () => {
    const { machine } = play(machineIn('starting'), request, { start_wait_s: 10 })
    expect(refusal(play(machine, { kind: 'timer', timer: 'waiting' }, { start_wait_s: 10 }, 9_999))).toBeNull()
    expect(refusal(play(machine, { kind: 'timer', timer: 'waiting' }, { start_wait_s: 10 }, 10_000))).toBe(
      'slot.starting',
    )
  })
  test('warming for longer than its deadline: slot.warming', () => {
    const { machine } = play(machineIn('warming'), request, { request_timeout_s: 5 })
    expect(refusal(play(machine, { kind: 'timer', timer: 'waiting' }, { request_timeout_s: 5 }, 5_000))).toBe(
      'slot.warming',
    )
  })
  test('a full queue: slot.queue_full', () => {
    const full = { max_in_flight: 1, queue_length: 1 }
    const one = play(machineIn('ready'), request, full)
    const two = play(one.machine, { kind: 'request', id: 2 }, full)
    expect(refusal(play(two.machine, { kind: 'request', id: 3 }, full))).toBe('slot.queue_full')
  })
  test('places are given in the order of arrival', () => {
    const one = play(machineIn('ready'), request, { max_in_flight: 1 })
    const two = play(one.machine, { kind: 'request', id: 2 }, { max_in_flight: 1 })
    const three = play(two.machine, { kind: 'request', id: 3 }, { max_in_flight: 1 })
    const freed = play(three.machine, { kind: 'release', id: 1 }, { max_in_flight: 1 })
    expect(freed.effects).toContainEqual({
      do: 'grant',
      id: 2,
      met: 'serving',
      waited: { loadMs: 0, queueMs: 0 },
      at: 0,
    })
  })
  test('a client that leaves does not end the load', () => {
    const first = play(machineIn('offline'), request, { load: 'on-demand' })
    const left = play(first.machine, { kind: 'leave', id: 1 }, { load: 'on-demand' })
    expect(left.machine.waiting).toEqual([])
    expect(doing(play(left.machine, { kind: 'committed' }))).toContain('launch')
  })
})

describe('serving', () => {
  test('ends 100 ms after the last request, not with it', () => {
    const busy = machineIn('serving', { inFlight: 1 })
    const quiet = play(busy, { kind: 'release', id: 1 }, {}, 1000)
    expect(states(quiet)).toEqual([])
    expect(quiet.effects).toContainEqual({ do: 'set-timer', timer: 'linger', ms: 100 })
    expect(states(play(quiet.machine, { kind: 'timer', timer: 'linger' }, {}, 1099))).toEqual([])
    expect(states(play(quiet.machine, { kind: 'timer', timer: 'linger' }, {}, 1100))).toEqual(['ready'])
  })
  test('begins again without a transition when a request comes in that time', () => {
    const quiet = play(machineIn('serving', { inFlight: 1 }), { kind: 'release', id: 1 }, {}, 1000)
    const again = play(quiet.machine, { kind: 'request', id: 2 }, {}, 1050)
    expect(states(again)).toEqual([])
    expect(states(play(again.machine, { kind: 'timer', timer: 'linger' }, {}, 1100))).toEqual([])
  })
})

describe('a restart of the daemon', () => {
  const found = (state: SlotState, kind: 'running' | 'ended' | 'none' | 'rebooted') =>
    play(machineIn(state, { process: 'unknown' }), {
      kind: 'found',
      found: kind === 'running' ? { kind, pid: 7, runs: null } : kind === 'ended' ? { kind, exit } : { kind },
    })
  const expected: [SlotState, 'running' | 'ended' | 'none' | 'rebooted', SlotState[], string[]][] = [
    ['ready', 'running', [], ['check-port']],
    ['serving', 'running', ['ready'], ['check-port']],
    ['idle', 'running', [], ['check-port']],
    ['starting', 'running', [], ['probe']],
    ['warming', 'running', [], ['probe']],
    ['unloading', 'running', [], ['stop']],
    ['offline', 'running', [], ['stop']],
    ['error', 'running', [], ['stop']],
    ['starting', 'none', [], ['launch']],
    ['starting', 'ended', [], ['launch']],
    ['warming', 'ended', ['error'], []],
    ['ready', 'ended', ['error'], []],
    ['idle', 'ended', ['ready', 'error'], []],
    ['unloading', 'ended', ['offline'], []],
    ['ready', 'rebooted', ['unloading', 'offline'], []],
    ['serving', 'rebooted', ['unloading', 'offline'], []],
    ['idle', 'rebooted', ['unloading', 'offline'], []],
    ['warming', 'rebooted', ['error', 'offline'], []],
    ['unloading', 'rebooted', ['offline'], []],
    ['error', 'rebooted', [], []],
    ['error', 'none', [], []],
    ['offline', 'none', [], []],
  ]
  for (const state of ['offline', 'unloading', 'error', 'ready'] as const) {
    test(`stops what the backend of a slot that was ${state} left behind, and stays out of offline until then`, () => {
      const machine = machineIn(state, { process: 'unknown' })
      const decision = play(machine, { kind: 'found', found: { kind: 'ended', exit: { ...exit, remains: true } } })
      expect(doing(decision)).toContain('stop')
      expect(decision.machine.process).toBe('stopping')
      expect(states(decision)).toEqual(state === 'ready' ? ['error'] : [])
    })
  }
  for (const [state, kind, entered, then] of expected) {
    test(`${state} and ${kind}: ${entered.join(', ') || 'stays'}${then.length > 0 ? `, ${then.join()}` : ''}`, () => {
      const decision = found(state, kind)
      expect(states(decision)).toEqual(entered)
      for (const effect of then) expect(doing(decision)).toContain(effect)
    })
  }
})

describe('a backend that is found running without a record,', () => {
  const runs = { model: 'b', port: 8090 }
  const running = { kind: 'found' as const, found: { kind: 'running' as const, pid: 7, runs } }
  const offline = machineIn('offline', { process: 'unknown' })
  test('because that is lost, is taken over as what it was started with, with a number ahead of all before', () => {
    const decision = play({ ...offline, lost: true }, running, { model: 'a' }, 5_000)
    expect(decision.machine).toMatchObject({ process: 'running', pid: 7, lost: false })
    expect(decision.machine.record).toMatchObject({ state: 'starting', model: 'b', port: 8090, pid: 7, seq: 5_001 })
    expect(doing(decision)).toEqual(['write', 'set-timer', 'probe'])
  })
  test('because that is an old one, is taken over too', () => {
    expect(states(play(offline, running))).toEqual(['starting'])
  })
  test('and whose command line says nothing, is taken over with what is configured', () => {
    const unknown = { ...running, found: { ...running.found, runs: null } }
    const { machine } = play({ ...offline, lost: true }, unknown)
    expect(machine.record).toMatchObject({ state: 'starting', model: 'a', port: 8081 })
  })
  test('is not declared not to run before the supervisor has answered', () => {
    expect(doing(play({ ...offline, lost: true }, { kind: 'found', found: { kind: 'none' } }))).toEqual(['write'])
  })
})

test('a cancelled load that a restart of the daemon interrupted ends offline, and needs no acknowledgement', () => {
  const error = new Hal0Error('slot.load_cancelled', 'cancelled').body()
  const cut = machineIn('error', { process: 'unknown' })
  const machine = { ...cut, record: { ...cut.record, error } }
  expect(states(play(machine, { kind: 'found', found: { kind: 'none' } }))).toEqual(['offline'])
  const alive = play(machine, { kind: 'found', found: { kind: 'running', pid: 7, runs: null } })
  expect(doing(alive)).toContain('stop')
  expect(alive.machine.acknowledged).toBe(true)
})

describe('restart = "on-failure"', () => {
  const settings = { restart: 'on-failure' as const }
  test('loads again after a crash, later after each', () => {
    const first = play(machineIn('ready'), exited, settings)
    expect(first.effects).toContainEqual({ do: 'set-timer', timer: 'restart', ms: 1000 })
    const again = play(machineIn('ready', { crashes: [0, 10] }), exited, settings, 20)
    expect(again.effects).toContainEqual({ do: 'set-timer', timer: 'restart', ms: 4000 })
  })
  test('gives up after five crashes in ten minutes', () => {
    const decision = play(machineIn('ready', { crashes: [0, 1, 2, 3] }), exited, settings, 4)
    expect(doing(decision)).not.toContain('set-timer')
    expect(decision.machine.record.state).toBe('error')
  })
  test('goes through offline like every acknowledged error', () => {
    const crashed = play(machineIn('ready'), exited, settings)
    expect(crashed.machine.record.intent).toBe('load')
    expect(states(play(crashed.machine, { kind: 'timer', timer: 'restart' }, settings, 999))).toEqual([])
    const decision = play(crashed.machine, { kind: 'timer', timer: 'restart' }, settings, 1000)
    expect(states(decision)).toEqual(['offline'])
    expect(doing(decision)).toContain('commit')
  })
})

describe('unloading', () => {
  test('a serving slot revokes the places of its requests', () => {
    const decision = play(machineIn('serving', { inFlight: 2 }), { kind: 'unload' })
    expect(states(decision)).toEqual(['unloading'])
    expect(doing(decision)).toEqual(expect.arrayContaining(['revoke', 'stop']))
    expect(decision.machine.inFlight).toBe(0)
  })
  test('an offline slot is refused', () => {
    expect(play(machineIn('offline'), { kind: 'unload' }).refused?.code).toBe('slot.invalid_transition')
  })
  test('a process that does not end is not offline: it says why, and is stopped again', () => {
    const stuck = play(machineIn('unloading', { process: 'stopping' }), {
      kind: 'stop-failed',
      attempt: 1,
      error: failure,
    })
    expect(states(stuck)).toEqual(['error'])
    expect(stuck.machine.record.error).toMatchObject({ code: 'slot.stop_failed', details: { cause: failure.code } })
    expect(stuck.effects).toContainEqual({ do: 'set-timer', timer: 'stop', ms: 1000 })
    const again = play(stuck.machine, { kind: 'timer', timer: 'stop' }, {}, 1000)
    expect(doing(again)).toEqual(['stop'])
    const ended = play(again.machine, exited, {}, 2000)
    expect(ended.machine.record).toMatchObject({ state: 'offline', seq: 2, error: null })
    expect(ended.machine.stopFailure).toBeNull()
  })
})
