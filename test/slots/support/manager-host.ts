/** How the tests of the manager look at slots on a simulated host. */
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { SimulatedHost } from './simulated-host.ts'

export const openHost = async (): Promise<SimulatedHost> => {
  const host = new SimulatedHost()
  await host.manager.open()
  return host
}

/** The code of the Hal0Error that `work` ends in. */
export const codeOf = async (work: Promise<unknown> | (() => unknown)): Promise<string> => {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    if (error instanceof Hal0Error) return error.code
    throw error
  }
  return 'no error'
}

export const statesOf = (host: SimulatedHost, name: string): string[] =>
  host.written.filter((record) => record.name === name).map(({ state }) => state)

/** Awaits `work` while virtual time passes. */
export const during = async <T>(host: SimulatedHost, ms: number, work: Promise<T>): Promise<T> => {
  const [outcome] = await Promise.allSettled([work, host.clock.advance(ms)])
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}
