/** The daemon of the trial as a program, for `Daemon.start`. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes it in `folder`. @returns its path */
export const trialProgram = (folder: string): string => {
  const program = join(folder, 'hal0')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dir, 'daemon.ts')}' "$@"\n`)
  chmodSync(program, 0o755)
  return program
}
