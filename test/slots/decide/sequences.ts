/** Random lives of two slots: what users, clients, backends, disks and clocks may do to them, in any order. */
import fc from 'fast-check'
import type { SlotRecord } from '../../../src/contract/slot.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { isLegalTransition, isLoaded } from '../../../src/slots/machine/states.ts'
import type { Lease } from '../../../src/slots/run/lease.ts'
import type { SlotCommand } from '../../../src/slots/service.ts'
import { settle } from '../support/simulated-clock.ts'
import { SimulatedHost, type wellBehaved } from '../support/simulated-host.ts'

const slots = ['manual', 'ondemand'] as const
type Name = (typeof slots)[number]

export type Act =
  | { act: 'command'; name: Name; command: SlotCommand }
  /** A command, and what comes so many turns of the event loop's microtasks later: in the middle of a write, of a swap … */
  | { act: 'interrupted'; name: Name; command: SlotCommand; turns: number; by: 'restart-daemon' | 'disk-fails' }
  | { act: 'request'; name: Name }
  | { act: 'abort' | 'finish'; which: number }
  | { act: 'crash'; name: Name }
  | { act: 'behave'; behaviour: typeof wellBehaved }
  | { act: 'restart-daemon' | 'reboot' | 'disk-fails' | 'disk-works' }
  | { act: 'stops-fail' | 'stops-work' | 'backends-hang' | 'backends-answer' }
  | { act: 'model-goes' | 'pull-fails' | 'pull-works' | 'pull-cancelled' }
  | { act: 'clock-jump'; ms: number }
  | { act: 'pass'; ms: number }

const name = fc.constantFrom(...slots)
const command: fc.Arbitrary<SlotCommand> = fc.oneof(
  fc.constantFrom<SlotCommand>(
    { do: 'load' },
    { do: 'unload' },
    { do: 'restart' },
    { do: 'acknowledge' },
    { do: 'cancel' },
  ),
  fc.constantFrom('a', 'b', 'missing', 'far', 'far').map((model): SlotCommand => ({ do: 'swap', model })),
)
const behaviour = fc.record({
  spawn: fc.constantFrom('ok' as const, 'ok' as const, 'fails' as const, 'hangs' as const),
  answersAfter: fc.constantFrom(0, 5, 2000, Number.POSITIVE_INFINITY),
  readyAfter: fc.constantFrom(0, 50, 3000, Number.POSITIVE_INFINITY),
  ignoresTerm: fc.boolean(),
})

export const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ act: fc.constant('command' as const), name, command }) },
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constant('interrupted' as const),
        name,
        command,
        turns: fc.nat(40),
        by: fc.constantFrom('restart-daemon' as const, 'disk-fails' as const),
      }),
    },
    { weight: 6, arbitrary: fc.record({ act: fc.constant('request' as const), name }) },
    {
      weight: 4,
      arbitrary: fc.record({ act: fc.constantFrom('abort' as const, 'finish' as const), which: fc.nat(20) }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('crash' as const), name }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('behave' as const), behaviour }) },
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constantFrom(
          'model-goes' as const,
          'pull-fails' as const,
          'pull-works' as const,
          'pull-cancelled' as const,
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constantFrom(
          'restart-daemon' as const,
          'reboot' as const,
          'disk-fails' as const,
          'disk-works' as const,
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constantFrom('stops-fail' as const, 'stops-work' as const) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constantFrom('backends-hang' as const, 'backends-answer' as const) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('clock-jump' as const), ms: fc.integer({ min: -1e9, max: 1e9 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        act: fc.constant('pass' as const),
        ms: fc.constantFrom(0, 1, 10, 60, 150, 2500, 400_000),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
)

interface Client {
  gone: AbortController
  lease: Lease | null
  outcome: 'open' | 'served' | 'refused' | 'left'
}

/** Plays the acts against the real manager on a simulated host. @throws Error when an invariant of spec §2 is broken */
export const live = async (script: Act[]): Promise<void> => {
  const host = new SimulatedHost()
  await host.manager.open()
  for (const slot of slots) {
    await host.manager.create({
      name: slot,
      model: 'a',
      load: slot === 'ondemand' ? 'on-demand' : 'manual',
      max_in_flight: 2,
      queue_length: 2,
      unload_after_s: 60,
      restart: slot === 'ondemand' ? 'on-failure' : 'never',
    })
  }
  let clients: Client[] = []
  const acknowledged = new Map<Name, number>()
  // Loads that were accepted and had not begun then, each with how many records had been written before.
  const promised = new Map<Name, number>()
  // How often each was told to stay or become offline.
  const withdrawals = new Map<Name, number>()
  // The latest command of each.
  const latest = new Map<Name, SlotCommand>()

  const request = async (slot: Name) => {
    const client: Client = { gone: new AbortController(), lease: null, outcome: 'open' }
    clients.push(client)
    const { manager } = host
    try {
      client.lease = await manager.acquire(slot, client.gone)
      client.outcome = 'served'
    } catch (error) {
      if (client.gone.signal.aborted) client.outcome = 'left'
      else if (error instanceof Hal0Error) client.outcome = 'refused'
      else throw error
    }
  }
  const order = async (slot: Name, what: SlotCommand) => {
    const { manager } = host
    latest.set(slot, what)
    const withdraws = what.do === 'unload' || what.do === 'cancel' || what.do === 'acknowledge'
    if (withdraws) {
      promised.delete(slot)
      withdrawals.set(slot, (withdrawals.get(slot) ?? 0) + 1)
    }
    const since = host.written.length
    const before = withdrawals.get(slot)
    try {
      const { state } = await manager.command(slot, what, null)
      if (host.manager !== manager) return
      if (!host.diskFails) acknowledged.set(slot, state.seq)
      if (withdraws && slot === 'manual' && latest.get(slot) === what && state.intent !== null)
        throw new Error(`${what.do} was accepted, and a load of ${slot} still follows`)
      if (withdraws) promised.delete(slot)
      else if (withdrawals.get(slot) !== before) return
      // Whatever the slot did, a new load follows; one that was only asked to be loaded may have been.
      else if (what.do === 'restart' || what.do === 'swap') promised.set(slot, since)
      else if (state.intent === 'load') promised.set(slot, host.written.length)
    } catch (error) {
      if (!(error instanceof Hal0Error)) throw error
      if (error.code === 'internal') throw error.cause
    }
  }
  const restartDaemon = async () => {
    host.killDaemon()
    // Requests in flight ended with the daemon; clients see that, and hal0 has nothing to tell them.
    clients = []
    for (const [slot, seq] of acknowledged) {
      if (host.record(slot).seq < seq) throw new Error(`an acknowledged transition of ${slot} is not on disk`)
    }
    await host.startDaemon()
  }
  const play = async (one: Act) => {
    switch (one.act) {
      case 'command':
        void order(one.name, one.command)
        break
      case 'interrupted':
        void order(one.name, one.command)
        await settle(one.turns)
        await play({ act: one.by })
        break
      case 'request':
        void request(one.name)
        break
      case 'abort':
        clients[one.which % Math.max(1, clients.length)]?.gone.abort()
        break
      case 'finish':
        clients[one.which % Math.max(1, clients.length)]?.lease?.release()
        break
      case 'crash':
        for (const process of host.processesOf(one.name)) host.end(process.pid)
        break
      case 'behave':
        host.behaviour = one.behaviour
        break
      case 'restart-daemon':
        await restartDaemon()
        break
      case 'reboot':
        host.reboot()
        clients = []
        acknowledged.clear()
        await host.startDaemon()
        break
      case 'disk-fails':
        host.diskFails = true
        break
      case 'disk-works':
        host.diskFails = false
        break
      case 'stops-fail':
        host.stopping = 'fails'
        break
      case 'stops-work':
        host.stopping = 'ok'
        break
      case 'backends-hang':
        host.health = () => new Promise(() => {})
        break
      case 'backends-answer':
        host.health = async () => true
        break
      case 'model-goes':
        host.models.delete('far')
        break
      case 'pull-fails':
        host.pulls.outcome = 'failed'
        break
      case 'pull-works':
        host.pulls.outcome = 'done'
        break
      case 'pull-cancelled':
        host.pulls.cancel('far')
        break
      case 'clock-jump':
        host.clock.jump(one.ms)
        break
      case 'pass':
        await host.clock.advance(one.ms)
        break
    }
    await settle()
    for (const { name, state } of host.manager.overview()) {
      if (state === 'offline' && host.processesOf(name).length > 0) throw new Error(`${name} is offline and runs`)
      // Longer than the grace of every backend.
      if (one.act === 'pass' && one.ms >= 2500 && host.stopping === 'fails' && state === 'unloading')
        throw new Error(`${name} cannot be stopped, and nobody is told`)
    }
  }

  for (const one of script) await play(one)

  // Peace: the disk works, every client ends, and a day passes.
  host.diskFails = false
  host.stopping = 'ok'
  host.health = async () => true
  for (let i = 0; i < 10; i++) {
    for (const client of clients) client.lease?.release()
    await host.clock.advance(10_000)
    // Later nothing runs any more: idle slots are unloaded.
    checkModels(host)
  }
  for (const client of clients) client.lease?.release()
  await host.clock.advance(86_400_000)
  checkHistory(host)
  checkPeace(host, clients)
  checkPromises(host, promised)
  await host.manager.close()
}

const checkHistory = (host: SimulatedHost): void => {
  for (const slot of slots) {
    const records = host.written.filter((record) => record.name === slot)
    let last: SlotRecord | null = null
    let deaths = 0
    for (const record of records) {
      if (last !== null) {
        if (record.seq === last.seq) checkRestated(last, record)
        else if (record.seq !== last.seq + 1) throw new Error(`${slot}: seq ${last.seq} is followed by ${record.seq}`)
        else if (!isLegalTransition(last.state, record.state))
          throw new Error(`${slot}: illegal ${last.state} → ${record.state}`)
        else if (isLoaded(last.state) && record.state === 'error') {
          deaths += 1
          // Fewer than it takes to stop restarting, whenever they came.
          if (slot === 'ondemand' && deaths < 5 && record.intent === null)
            throw new Error(`${slot} died, and is not to be loaded again`)
        }
      }
      last = record
    }
  }
  for (const { json, onDisk } of host.announced) {
    if (json !== onDisk) throw new Error('an event was sent that is not what the disk holds')
  }
  if (host.mostProcessesOfOneSlot > 1) throw new Error('a slot had two processes at one time')
}

/** Between transitions a record may change, but not claim a transition. */
const checkRestated = (last: SlotRecord, record: SlotRecord): void => {
  const { intent, reason, error } = record
  if (JSON.stringify({ ...last, intent, reason, error }) !== JSON.stringify(record))
    throw new Error(`${record.name}: ${JSON.stringify(last)} is followed by ${JSON.stringify(record)}`)
}

const checkPromises = (host: SimulatedHost, promised: ReadonlyMap<Name, number>): void => {
  for (const [slot, since] of promised) {
    const later = host.written.slice(since).filter((record) => record.name === slot)
    const isKept = later.some(
      ({ state, intent }) => state === 'starting' || state === 'pulling' || (state === 'error' && intent === null),
    )
    if (!isKept) throw new Error(`a load of ${slot} was accepted and never came`)
  }
}

/** Nobody edits files here: a slot runs another model than its file says only if half a swap has happened. */
const checkModels = (host: SimulatedHost): void => {
  for (const { name: slot, state, model } of host.manager.overview()) {
    const asked = host.configs.get(slot)?.model
    if (isLoaded(state) && model !== asked) throw new Error(`${slot} runs ${model}, and its file says ${asked}`)
  }
}

const checkPeace = (host: SimulatedHost, clients: Client[]): void => {
  for (const client of clients) {
    if (client.outcome === 'open') throw new Error('a request never got an answer')
  }
  for (const { name: slot, json } of host.manager.records()) {
    const { state } = JSON.parse(json) as SlotRecord
    if (json !== host.disk.get(slot)) throw new Error(`${slot}: memory and disk differ`)
    if (['starting', 'warming', 'unloading', 'serving', 'pulling'].includes(state))
      throw new Error(`${slot} is stuck in ${state}`)
    const processes = host.processesOf(slot).length
    const wanted = state === 'ready' || state === 'idle' ? 1 : 0
    if (processes !== wanted) throw new Error(`${slot} is ${state} and has ${processes} processes`)
  }
}
