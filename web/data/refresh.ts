/** Fetches what no event tells: when the connection is made, after something that changes it, and now and then. */
import { batch } from '@preact/signals'
import { call } from './api.ts'
import { hardware, hasSlots, kept, models, pulls, slots, staleSince, status } from './state.ts'

/** Puts a failure where a developer finds it: the notice about the connection tells the person. */
const quietly = async (what: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    if (staleSince.value === null) console.warn(`${what} could not be fetched`, error)
  }
}

export const refreshStatus = (): Promise<void> =>
  quietly('the status', async () => {
    status.value = { status: await call('status', {}), at: Date.now() }
  })

/** The configurations, and which slots there are: some may have been deleted while the page had no connection. */
export const refreshSlots = (): Promise<void> =>
  quietly('the slots', async () => {
    const all = await call('listSlots', {})
    batch(() => {
      slots.value = all
        .map(({ config, state }) => {
          const known = slots.value.find(({ record }) => record.name === state.name)
          if (known === undefined) return { record: state, config, progress: null, activity: null }
          return known.record.seq > state.seq ? { ...known, config } : { ...known, record: state, config }
        })
        .sort((a, b) => (a.record.name < b.record.name ? -1 : 1))
      hasSlots.value = true
    })
  })

export const refreshModels = (): Promise<void> =>
  quietly('the models', async () => {
    models.value = await call('listModels', {})
  })

export const refreshHardware = (): Promise<void> =>
  quietly('the machine', async () => {
    hardware.value = await call('showHardware', {})
  })

/** The pulls in their order, the oldest first. */
export const refreshPulls = (): Promise<void> =>
  quietly('the pulls', async () => {
    const all = await call('listPulls', {})
    pulls.value = new Map(all.toReversed().map((pull) => [pull.id, pull]))
  })

export const refreshKept = (): Promise<void> =>
  quietly('what pulls have left', async () => {
    const leftovers = await call('listPullLeftovers', {})
    kept.value = new Map(leftovers.filter(({ kind }) => kind === 'pull').map(({ id, bytes }) => [id, bytes]))
  })

export const refreshAll = (): void => {
  void refreshStatus()
  void refreshSlots()
  void refreshModels()
  void refreshHardware()
  void refreshPulls()
  void refreshKept()
}

const machineMs = 5000
const restMs = 30_000

/** Begins the fetches that come again and again while somebody looks. */
export const keepFresh = (): void => {
  setInterval(() => document.hidden || void refreshHardware(), machineMs)
  setInterval(() => {
    if (!document.hidden) refreshAll()
  }, restMs)
}
