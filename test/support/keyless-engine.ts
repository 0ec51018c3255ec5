import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { realEngine } from './real-engine.ts'

/**
 * Path of the real engine without the key that hal0 gives it, so that a test can compare what it answers at its own port. Only the
 * environment differs.
 * @param folder in which the program is made
 */
export const keylessEngine = async (folder: string): Promise<string> => {
  const program = join(folder, 'llama-server')
  writeFileSync(program, `#!/bin/sh\nunset LLAMA_API_KEY\nexec '${await realEngine()}' "$@"\n`)
  chmodSync(program, 0o755)
  return program
}
