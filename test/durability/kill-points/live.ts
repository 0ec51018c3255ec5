/** Works with a daemon until it is killed at a chosen system call, and says what the next one may find. */
import { readFileSync } from 'node:fs'
import type { Daemon } from '../../support/daemon.ts'
import { strace } from './strace.ts'

/** The `count`th call of these in any thread. */
export interface KillPoint {
  calls: string
  count: number
}

export interface Outcome {
  killed: boolean
  /** The command under way. */
  during: string
  /** The call that was no longer made, by its name and the file's: `rename state.json`. */
  call: string
}

export interface Command<World> {
  title: string
  run(daemon: Daemon): Promise<unknown>
  /** What the world is like once it was run. */
  leaves(before: World): World
}

export interface Witness<World> {
  killed: boolean
  /** The command under way, or the last one. */
  during: string
  /** What the world may be like: as before that command, or as after it. */
  possible: World[]
}

interface Life<World> {
  /** What it is like before the first command. */
  world: World
  commands: readonly Command<World>[]
  /** Called once the daemon answers. */
  launched?: (daemon: Daemon) => Promise<void>
  /** What the world may be like between two commands; by default just what the last one leaves. */
  between?: (world: World) => World[]
}

/**
 * Launches the daemon and runs the commands until it is killed, or the life is over.
 * @param trace the file for strace's output
 * @throws what a command throws that fails with the daemon alive
 */
export const liveUntilKilled = async <World>(
  daemon: Daemon,
  { calls, count }: KillPoint,
  trace: string,
  { world: first, commands, launched, between = (world) => [world] }: Life<World>,
): Promise<Witness<World>> => {
  let world = first
  const witness: Witness<World> = { killed: false, during: 'start', possible: [world] }
  try {
    await daemon.launch(strace(calls, `signal=KILL:when=${count}`, trace))
    await launched?.(daemon)
    for (const command of commands) {
      const next = command.leaves(world)
      witness.during = command.title
      witness.possible = [world, next]
      await command.run(daemon)
      world = next
      witness.possible = between(world)
    }
    await daemon.kill('SIGTERM')
  } catch (error) {
    const code = await Promise.race([daemon.exited, Bun.sleep(2000)])
    if (code !== 137) throw error
    witness.killed = true
  }
  return witness
}

/** The call at which the trace ends, by its name and the file's. */
const lastCall = (trace: string): string => {
  const line = trace.split('\n').findLast((one) => /\w\(.*(= \?$|<unfinished)/.test(one)) ?? ''
  const name = /(\w+)\(/.exec(line)?.[1] ?? '?'
  const path = /[<"](\/[^>"]+)/.exec(line)?.[1] ?? ''
  return `${name} ${(path.split('/').at(-1) ?? '').replace(/[0-9a-f]{16}/, '*')}`
}

/**
 * The outcome of a kill point.
 * @param goOn checks the disk and the next daemon
 * @throws what `goOn` throws, with the point, the command and the end of the trace
 */
export const outcomeOf = async (
  daemon: Daemon,
  { calls, count }: KillPoint,
  traceFile: string,
  { killed, during }: Omit<Witness<unknown>, 'possible'>,
  goOn: () => Promise<void>,
): Promise<Outcome> => {
  const trace = readFileSync(traceFile, 'utf8')
  try {
    await goOn()
  } catch (error) {
    const end = trace.split('\n').slice(-12).join('\n')
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`killed at ${calls} ${count}, during "${during}": ${why}\n${end}\n${daemon.stderr}`)
  }
  return { killed, during, call: killed ? lastCall(trace) : '' }
}
