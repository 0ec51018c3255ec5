/** The executable of this checkout, with its data in .hal0/, for the steps of `npm start`. */
import { join } from 'node:path'
import { say as sayWrapped, talk, typeCommandsAs } from '../../src/cli/terminal/output.ts'
import type { Typed } from '../../src/cli/text/commands.ts'
import { findPaths } from '../../src/system/paths.ts'
import { thisCaller, typedHere } from '../../src/system/systemd/hosting.ts'

export const root = join(import.meta.dir, '../..')
export const data = process.env.HAL0_ROOT ?? join(root, '.hal0')
export const hal0 = join(root, 'dist/hal0')
/** Of everything that is started. It finds the daemon by what that one has recorded in its data folder. */
export const env: Record<string, string | undefined> = { ...process.env, HAL0_ROOT: data, HAL0_URL: undefined }
export const paths = findPaths({ HAL0_ROOT: data }, false)

/** Where `npm start` was typed; npm itself changes to the checkout. */
export const cwd = process.env.INIT_CWD ?? process.cwd()

const typedCommand = (): Typed => typedHere({ ...thisCaller(), env, program: hal0, cwd })
typeCommandsAs(typedCommand)

/** Whether people type `hal0` here, as every text spells it. */
export const isOnPath = (): boolean => typedCommand().hal0 === 'hal0'

export const say = (line = ''): void => sayWrapped(line)

/** On stderr, broken at blanks like everything that people read. */
export const complain = (sentence: string): void => talk.log(sentence)

/** What failed was said; there is nothing to add to it but this sentence. */
export class Failed extends Error {}

/** @param talk when to show the step's output: as it comes, or only if the step fails */
export const run = async (argv: string[], what: string, talk: 'shown' | 'kept' = 'kept'): Promise<string> => {
  const child = Bun.spawn(argv, { cwd, env, stdio: ['ignore', 'pipe', talk === 'shown' ? 'inherit' : 'pipe'] })
  const [output, kept] = await Promise.all([
    new Response(child.stdout).text(),
    child.stderr instanceof ReadableStream ? new Response(child.stderr).text() : '',
  ])
  if ((await child.exited) !== 0) {
    if (kept !== '') console.error(kept.trim())
    throw new Failed(`${what} failed; see above for the reason.`)
  }
  return output
}

export const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await run([hal0, ...args, '--json'], `hal0 ${args.join(' ')}`)) as T
