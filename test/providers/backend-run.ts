/** Runs what a plan says, without a supervisor: enough to test a provider against its engine. */
import { statSync } from 'node:fs'
import type { ModelEntry } from '../../src/contract/models/model.ts'
import type { SlotPatch } from '../../src/contract/slot-config.ts'
import { Engines } from '../../src/providers/engines/engines.ts'
import { LlamaCpp } from '../../src/providers/llamacpp/provider.ts'
import type { LaunchPlan, ProbeRequest, ProbeVerdict } from '../../src/providers/provider.ts'
import { findPaths } from '../../src/system/paths.ts'
import { engineKinds, slotConfig } from '../support/slot-config.ts'
import { tempDir } from '../support/temp-dir.ts'
import { modelEntry } from './fixtures.ts'

export interface BackendRun {
  plan: LaunchPlan
  pid: number
  origin: string
  /** Resolves with the exit code or signal, and everything printed. */
  ended: Promise<{ exit: number | string; printed: string }>
  stop(signal?: NodeJS.Signals): void
  ask(probe: ProbeRequest): Promise<ProbeVerdict>
  /** Asks the readiness probe until it is ok. @throws when the backend ends or answers badly */
  ready(): Promise<void>
}

const running: BackendRun[] = []

/**
 * Ends what a test has started: `afterEach(endRuns)` in every file that runs backends. A hook set here would hold for the first
 * such file only, since Bun loads this module once for all files of a process.
 */
export const endRuns = async (): Promise<void> => {
  for (const run of running.splice(0)) {
    run.stop('SIGKILL')
    await run.ended
  }
}

/** A port that was free a moment ago. */
export const freePort = (): number => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

export const planFor = async (
  engine: string,
  file: string,
  config: SlotPatch = {},
  model: Partial<ModelEntry> = {},
): Promise<LaunchPlan> => {
  const engines = new Engines(findPaths({ HAL0_ROOT: tempDir() }, false), process.env, engineKinds)
  const provider = new LlamaCpp(engines, process.env)
  const slot = slotConfig({ port: freePort(), engine, ...config })
  const files = [{ path: 'local--tiny/tiny.gguf', size: statSync(file).size, sha256: '0'.repeat(64) }]
  const lookUp = () => {
    throw new Error('it has no projector')
  }
  return await provider.plan({ config: slot, model: { entry: modelEntry({ files, ...model }), files: [file] }, lookUp })
}

/** @param extraEnv what a careless environment would add */
export const runPlan = (plan: LaunchPlan, extraEnv: Record<string, string> = {}): BackendRun => {
  const { argv, env, cwd } = plan.spec
  const child = Bun.spawn(argv, { env: { ...env, ...extraEnv }, cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const origin = `http://127.0.0.1:${argv[argv.indexOf('--port') + 1]}`
  const ended = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]).then(
    ([out, err]) => ({ exit: child.signalCode ?? child.exitCode ?? -1, printed: out + err }),
  )
  const ask = async (probe: ProbeRequest): Promise<ProbeVerdict> => {
    const response = await fetch(origin + probe.path, {
      method: probe.method,
      ...(probe.body === undefined ? {} : { body: probe.body }),
    })
    return probe.judge({ status: response.status, body: await response.text() })
  }
  const ready = async () => {
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${(await ended).printed}`)
      const verdict = await ask(plan.readiness).catch((): ProbeVerdict => ({ kind: 'wait' }))
      if (verdict.kind === 'ok') return
      if (verdict.kind === 'bad') throw new Error(verdict.why)
      await Bun.sleep(5)
    }
  }
  const run = {
    plan,
    pid: child.pid,
    origin,
    ended,
    stop: (signal: NodeJS.Signals = 'SIGTERM') => child.kill(signal),
    ask,
    ready,
  }
  running.push(run)
  return run
}
