import { modelIdPattern } from '../../contract/slot.ts'
import type { Recognised } from '../provider.ts'

const modelId = new RegExp(modelIdPattern)

/** The value after `flag`; null if it is missing. None of hal0's own flags occurs twice, since extra_args may not contain them. */
const valueAfter = (argv: readonly string[], flag: string): string | null => argv[argv.indexOf(flag, 1) + 1] ?? null

/** What buildArgv put into a command line, also behind an interpreter or a wrapper; null if the line is not from buildArgv. */
export const recogniseArgv = (argv: readonly string[]): Recognised | null => {
  if (!argv.includes('--model') || !argv.includes('--port')) return null
  const port = Number(valueAfter(argv, '--port'))
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null
  const model = argv.includes('--alias') ? valueAfter(argv, '--alias') : null
  return { model: model !== null && modelId.test(model) ? model : null, port }
}
