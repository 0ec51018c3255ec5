/** The commands that fit the daemon that reads a certain hal0.toml. */
import { configFile, findPaths } from '../../system/paths.ts'
import { type HostingCommands, hostingCommands, hostingOf, thisCaller } from '../../system/systemd/hosting.ts'

/** @param file path of hal0.toml, as the daemon names it */
export const commandsForFile = (file: string): HostingCommands => {
  const caller = thisCaller()
  const paths = [findPaths({}, true), findPaths(caller.env, caller.isRoot)].find((one) => configFile(one) === file)
  return hostingCommands(paths === undefined ? 'by-hand' : hostingOf(paths, caller), caller.isRoot)
}
