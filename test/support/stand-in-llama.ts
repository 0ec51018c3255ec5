/**
 * A stand-in for llama-server whose behaviour a test sets: it takes the same flags, answers in the same format, and records what
 * happens to it. It is based on observations of the real program (b9993); tests that need real inference use `realEngine`.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { behaviourFile, recordFile, type StandInBehaviour, type StandInEvent } from './stand-in/behaviour.ts'

export type { StandInBehaviour, StandInEvent }

/** Changes the behaviour of the stand-in from its next start. @param program the return value of `makeStandIn` */
export const setBehaviour = (program: string, behaviour: StandInBehaviour): void => {
  const file = join(dirname(program), behaviourFile)
  writeFileSync(`${file}.new`, JSON.stringify(behaviour))
  renameSync(`${file}.new`, file)
}

/**
 * Makes a stand-in in `folder`.
 * @returns the path of the program, for a slot's `engine`
 */
export const makeStandIn = (folder: string, behaviour: StandInBehaviour = {}): string => {
  mkdirSync(folder, { recursive: true })
  const program = join(folder, 'llama-server')
  const source = join(import.meta.dir, 'stand-in', 'program.ts')
  const quoted = [process.execPath, source, folder].map((part) => `'${part.replaceAll("'", "'\\''")}'`)
  writeFileSync(program, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`)
  chmodSync(program, 0o755)
  setBehaviour(program, behaviour)
  return program
}

/** Everything that happened so far, over all starts. */
export const standInEvents = (program: string): StandInEvent[] => {
  const file = join(dirname(program), recordFile)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as StandInEvent)
}

/** The events of one kind. */
export const standInEventsOf = <K extends StandInEvent['kind']>(program: string, kind: K) =>
  standInEvents(program).filter((event): event is Extract<StandInEvent, { kind: K }> => event.kind === kind)
