/** Looks at a daemon in every possible way while a storm lasts, and passes what it sees to the evidence. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SlotRecord } from '../../src/contract/slot.ts'
import type { Slot } from '../../src/contract/slot-config.ts'
import { writeFileAtomic } from '../../src/system/files/atomic-file.ts'
import { markVariable } from '../../src/system/process/family/instance-mark.ts'
import { EventReader } from '../http/support/event-reader.ts'
import { type Daemon, isAlive, runHal0 } from '../support/daemon.ts'
import { type Evidence, lagMs } from './evidence.ts'

const now = (): number => performance.now()

/** Repeats `look` until the storm is over. A daemon that is down is not a fault: the next look finds the next one. */
const repeat = async (everyMs: number, over: () => boolean, look: () => Promise<void>): Promise<void> => {
  while (!over()) {
    await look()
    await Bun.sleep(everyMs)
  }
}

const slotFolders = (daemon: Daemon): string => join(daemon.root, 'var/lib/hal0/slots')

const lookAtDisk = (daemon: Daemon, evidence: Evidence): void => {
  for (const name of readdirSync(slotFolders(daemon))) {
    const at = now()
    let text: string
    try {
      text = readFileSync(join(slotFolders(daemon), name, 'state.json'), 'utf8')
    } catch (error) {
      // A slot that is being made or deleted has none.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      throw error
    }
    try {
      evidence.see('disk', JSON.parse(text) as SlotRecord, at)
    } catch {
      evidence.tell(`state.json of ${name} is no whole record: ${JSON.stringify(text.slice(0, 200))}`)
    }
  }
}

const reading = async <T>(work: Promise<T>): Promise<T | null> => {
  try {
    return await work
  } catch {
    // The daemon is being killed or starts: it cannot be asked now.
    return null
  }
}

/** Live processes that carry the mark of a slot. */
export const processesOf = (daemon: Daemon, name: string): number[] => {
  const mark = `${markVariable}=${join(slotFolders(daemon), name)}`
  const carriesIt = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)
    } catch {
      // It has ended in the meantime.
      return false
    }
  }
  return daemon.backends().filter((pid) => carriesIt(pid) && isAlive(pid))
}

/** What the API says of a slot against what runs. */
const lookAtProcesses = async (daemon: Daemon, { state }: Slot, evidence: Evidence): Promise<void> => {
  const same = async (): Promise<boolean> => {
    const again = await reading(daemon.call<Slot>('GET', `/api/slots/${state.name}`))
    return again?.status === 200 && again.body.state.seq === state.seq
  }
  if (state.state === 'offline') {
    const left = processesOf(daemon, state.name)
    if (left.length > 0 && (await same()))
      evidence.tell(`${state.name} is offline #${state.seq}, and ${left} still runs`)
  } else if (['ready', 'serving', 'idle'].includes(state.state) && state.pid !== null && !isAlive(state.pid)) {
    await Bun.sleep(lagMs)
    if (await same())
      evidence.tell(`${state.name} is ${state.state} #${state.seq}, and its process ${state.pid} ended ${lagMs} ms ago`)
  }
}

const lookAtApi = async (daemon: Daemon, evidence: Evidence): Promise<void> => {
  const at = now()
  const answer = await reading(daemon.call<Slot[]>('GET', '/api/slots'))
  if (answer?.status !== 200) return
  for (const slot of answer.body) evidence.see('api', slot.state, at)
  await Promise.all(answer.body.map((slot) => lookAtProcesses(daemon, slot, evidence)))
}

const lookWithCli = async (daemon: Daemon, evidence: Evidence): Promise<void> => {
  const at = now()
  const { code, stdout } = await runHal0(['slot', 'list', '--json'], { env: daemon.env })
  if (code === 0) for (const { state } of JSON.parse(stdout) as Slot[]) evidence.see('cli', state, at)
}

/** Follows the events over every restart of the daemon; their ids must never fall. */
const followEvents = async (daemon: Daemon, evidence: Evidence, over: () => boolean): Promise<void> => {
  let last = 0
  while (!over()) {
    const reader = await reading(
      EventReader.open(`${daemon.url}/api/slots/events`, last === 0 ? undefined : String(last)),
    )
    const ending = setInterval(() => over() && reader?.close(), 100)
    try {
      for (let event = await reader?.next(); event !== undefined; event = await reader?.next()) {
        if (event.event !== 'slot') continue
        const id = Number(event.id)
        const record = JSON.parse(event.data) as SlotRecord
        if (id < last) evidence.tell(`event ${id} (${record.name} ${record.state}) came after event ${last}`)
        last = Math.max(last, id)
        evidence.see('events', record, now())
      }
    } catch {
      // The daemon was killed; the stream is opened again.
    }
    clearInterval(ending)
    await Bun.sleep(20)
  }
}

/** How long the disk takes now for what every transition needs of it. */
const lookAtDiskSpeed = async (daemon: Daemon, evidence: Evidence): Promise<void> => {
  const done = evidence.writing(now())
  await writeFileAtomic(join(daemon.root, 'speed'), 'x', 'measure the disk')
  done(now())
}

/** Resolves when the storm is over. @throws what no view may do */
export const observe = async (daemon: Daemon, evidence: Evidence, over: () => boolean): Promise<void> => {
  await Promise.all([
    followEvents(daemon, evidence, over),
    repeat(50, over, async () => lookAtDisk(daemon, evidence)),
    repeat(50, over, () => lookAtDiskSpeed(daemon, evidence)),
    repeat(100, over, () => lookAtApi(daemon, evidence)),
    repeat(1500, over, () => lookWithCli(daemon, evidence)),
  ])
}
