/**
 * The engines of this machine, managed without a daemon. Here the command line reaches past the contract: a fresh machine
 * installs its engine before its daemon first runs, and the code for that belongs to the daemon.
 */
import type { EngineService } from '../../providers/engines/engine-service.ts'
import { Engines } from '../../providers/engines/engines.ts'
import { providerTable } from '../../providers/table.ts'
import { findPaths, type Paths } from '../../system/paths.ts'

export type LocalEngines = Pick<EngineService, 'list' | 'install' | 'use' | 'remove'>

/** The engines in these folders; by default in this user's (or HAL0_ROOT). */
export const openLocalEngines = (paths: Paths = findPaths(process.env, process.getuid?.() === 0)): LocalEngines =>
  new Engines(
    paths,
    process.env,
    providerTable.map(({ engine }) => engine),
  )
