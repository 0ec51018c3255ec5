/** What root says after the API could not start: which program has its port. */
import { readServerSettings } from '../../system/config/server-config.ts'
import { otherPortFor } from '../../system/listen-advice.ts'
import { findPaths } from '../../system/paths.ts'
import { findPortHolder, holderText } from '../../system/process/port-holder.ts'
import { apiUnit, hostingCommands, hostingOf, thisCaller } from '../../system/systemd/hosting.ts'
import { talk } from '../terminal/output.ts'

/** Prints nothing where the port is free: then the API had another reason, and has said it. */
export const sayPortHolder = async (): Promise<void> => {
  const caller = thisCaller()
  const paths = findPaths(caller.env, caller.isRoot)
  // A hal0.toml that cannot be read is that other reason.
  const settings = await readServerSettings(paths, {}).catch(() => null)
  if (settings === null) return
  const holder = await findPortHolder(settings.port)
  if (holder === null || holder.unit === apiUnit) return
  const { start, usePort } = hostingCommands(hostingOf(paths, caller), false)
  const other = usePort(otherPortFor(settings.port, settings.slotPorts))
  talk.error(
    `Port ${settings.port} is taken by ${holderText(holder)}. Stop that, then: ${start}. Or choose another port: ${other}`,
  )
}
