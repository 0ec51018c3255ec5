import { isAbsolute } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { isEngineId } from './manifest.ts'

/**
 * Checks that a slot's `engine` could name an engine at all.
 * @param engine null: the default is used
 * @throws Hal0Error `request.invalid`
 */
export const checkEngineSetting = (engine: string | null): void => {
  if (engine === null || (!engine.includes('\0') && (isAbsolute(engine) || isEngineId(engine)))) return
  throw new Hal0Error(
    'request.invalid',
    'engine must be the id of an installed engine (see `hal0 engine list`) or the absolute path of a program.',
    { param: 'engine' },
  )
}
