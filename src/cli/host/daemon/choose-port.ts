/** The port of a daemon that is started in the background. */

import { configDefaults } from '../../../contract/config.ts'
import { readServerConfig, serverSettings } from '../../../system/config/server-config.ts'
import { otherPortFor } from '../../../system/listen-advice.ts'
import type { Paths } from '../../../system/paths.ts'
import { findPortHolder, holderText } from '../../../system/process/port-holder.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'

export interface ChosenPort {
  port: number
  /** Why it is not the usual one, as a sentence; null: it is. */
  because: string | null
}

/**
 * The port that was asked for or configured, which has to be free; else the usual one, or the next free one that is not kept for
 * slots.
 * @param asked by `--port`; null: not given
 * @throws Failure naming the holder; Hal0Error `config.invalid`
 */
export const choosePort = async (paths: Paths, asked: number | null): Promise<ChosenPort> => {
  const config = await readServerConfig(paths)
  const wanted = asked ?? config.port ?? configDefaults.port
  const holder = await findPortHolder(wanted)
  if (holder === null) return { port: wanted, because: null }
  const taken = `Port ${wanted} is taken by ${holderText(holder)}`
  const other = otherPortFor(wanted, serverSettings(config, {}).slotPorts)
  if (asked === null && config.port === undefined)
    return { port: other, because: `${taken}, so hal0 listens on ${other}.` }
  throw new Failure(exitCode.failed, `${taken}.`, {
    hint: asked === null ? `hal0 config set port=${other}` : `the same with --port ${other}`,
  })
}
