/**
 * The engines of this machine, managed without a daemon. Here the command line reaches past the contract: a fresh machine
 * installs its engine before its daemon first runs, and the code for that belongs to the daemon.
 */
import type { EngineService } from '../../providers/engines/engine-service.ts'
import { Engines } from '../../providers/engines/engines.ts'
import { providerTable } from '../../providers/table.ts'
import { findPaths } from '../../system/paths.ts'

export type LocalEngines = Pick<EngineService, 'list' | 'install' | 'use' | 'remove'>

/** The engines in this user's folders (or HAL0_ROOT). */
export const openLocalEngines = (): LocalEngines =>
  new Engines(
    findPaths(process.env, process.getuid?.() === 0),
    process.env,
    providerTable.map(({ engine }) => engine),
  )
