import { afterEach, beforeEach } from 'bun:test'
import type { ExitReport, LaunchSpec, RunningProcess, Supervisor } from '../../../src/system/supervisor.ts'

/** One installation on which supervisors are tried. */
export interface SupervisorHarness {
  /** A supervisor of this installation; closing it and opening another is a restart of the daemon. */
  open(): Supervisor
  /** Removes the installation; nothing of it runs any more. */
  dispose(): Promise<void>
}

export type MakeHarness = () => Promise<SupervisorHarness>

export const ignore = (): void => {}

/** Far more than the 250 ms of the contract, for machines under load; the usual figures are below 110 ms. */
export const noticeMs = 1000

export interface Fixture {
  /** That of the daemon that runs now. */
  readonly supervisor: Supervisor
  /** Starts a backend that is stopped after the test. */
  start(spec: LaunchSpec, onExit?: (exit: ExitReport) => void): Promise<RunningProcess>
  restartDaemon(): void
  /** Waits until the slot's log matches. */
  printed(name: string, pattern: RegExp): Promise<RegExpExecArray>
  /** The port that a listener of programs.ts has printed. */
  portOf(name: string): Promise<number>
}

/** Gives each test of the surrounding `describe` a fresh installation. */
export const useSupervisor = (makeHarness: MakeHarness): Fixture => {
  let harness: SupervisorHarness
  let supervisor: Supervisor
  const used = new Set<string>()

  beforeEach(async () => {
    harness = await makeHarness()
    supervisor = harness.open()
  })
  afterEach(async () => {
    for (const name of used) await supervisor.stop(name, 0)
    used.clear()
    supervisor.close()
    await harness.dispose()
  })

  const printed = async (name: string, pattern: RegExp): Promise<RegExpExecArray> => {
    for (let tries = 0; tries < 1000; tries += 1) {
      const found = pattern.exec((await supervisor.logs(name, 100)).join('\n'))
      if (found !== null) return found
      await Bun.sleep(10)
    }
    throw new Error(`slot ${name} did not print ${pattern}`)
  }
  return {
    get supervisor() {
      return supervisor
    },
    start(spec, onExit = ignore) {
      used.add(spec.name)
      return supervisor.start(spec, onExit)
    },
    restartDaemon() {
      supervisor.close()
      supervisor = harness.open()
    },
    printed,
    portOf: async (name) => Number((await printed(name, /port (\d+)/))[1]),
  }
}
