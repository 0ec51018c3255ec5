import { afterEach, beforeEach } from 'bun:test'
import type { ExitReport, LaunchSpec, RunningProcess, Supervisor } from '../../../src/system/supervisor.ts'
import { runs, shell } from '../programs.ts'
import type { LifeFixture } from './life.ts'

/** One installation on which supervisors are tested. */
export interface SupervisorHarness {
  /** A supervisor of this installation; closing it and opening another is a restart of the daemon. */
  open(): Supervisor
  /** Removes the installation, of which nothing may be running. */
  dispose(): Promise<void>
}

export type MakeHarness = () => Promise<SupervisorHarness>

export type OnExit = (exit: ExitReport) => void

export const ignore = (): void => {}

/** Far more than the contract's 250 ms, for machines under load; usual values are below 110 ms. */
export const noticeMs = 1000

export interface Fixture extends LifeFixture {
  /** Starts a backend that is stopped after the test. */
  start(spec: LaunchSpec, onExit?: OnExit): Promise<RunningProcess>
  /** Waits until the slot's log matches. */
  printed(name: string, pattern: RegExp): Promise<RegExpExecArray>
  /** The port that a listener from programs.ts has printed. */
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
  const start = (spec: LaunchSpec, onExit: OnExit = ignore): Promise<RunningProcess> => {
    used.add(spec.name)
    return supervisor.start(spec, onExit)
  }
  return {
    get supervisor() {
      return supervisor
    },
    start,
    async run(name, onExit, manner = 'obeys') {
      if (manner === 'obeys') return start(shell(name, 'exec sleep 60'), onExit)
      const started = await start(shell(name, "trap '' TERM; echo deaf; while :; do sleep 0.05; done"), onExit)
      await printed(name, /^deaf$/m)
      return started
    },
    kill: (pid) => process.kill(pid, 'SIGKILL'),
    runs,
    restartDaemon() {
      supervisor.close()
      supervisor = harness.open()
    },
    printed,
    portOf: async (name) => Number((await printed(name, /port (\d+)/))[1]),
  }
}
