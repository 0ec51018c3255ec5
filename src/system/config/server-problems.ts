/** Why a daemon would not start with a hal0.toml, and which of its keys are unknown. Pure. */
import { ServerConfig } from '../../contract/config.ts'
import { settingKey, settingPaths } from '../../contract/settings.ts'
import { hubAddress } from '../../lib/hub/hub-address.ts'
import { portRangeOf } from '../../lib/port-range.ts'
import { isTable, type Problem, problemsOf } from '../../lib/validate.ts'
import type { TomlTable } from '../files/toml-file.ts'

/** The rules that a schema cannot express. */
const beyondSchema = ({ slots, hub }: ServerConfig): Problem[] => {
  const problems: Problem[] = []
  if (slots?.ports !== undefined && portRangeOf(slots.ports) === null) {
    problems.push({ field: 'slots.ports', reason: 'is not a range of ports from 1 to 65535, e.g. 8081-8099' })
  }
  for (const [index, mirror] of (hub?.mirrors ?? []).entries()) {
    const address = hubAddress(mirror)
    if ('problem' in address) problems.push({ field: `hub.mirrors.${index}`, reason: address.problem })
  }
  return problems
}

/** Every reason why a daemon would not start with the table; empty if it would. */
export const serverProblems = (table: TomlTable): Problem[] => {
  const problems = problemsOf(ServerConfig, table)
  return problems.length > 0 ? problems : beyondSchema(table as ServerConfig)
}

/** Keys that this version does not know, in dotted notation; they are kept and ignored. @param providers names of all */
export const unknownKeys = (table: TomlTable, providers: readonly string[]): string[] => {
  const paths = settingPaths(providers)
  const known = new Set(paths.map(settingKey))
  const tables = new Set(paths.flatMap((path) => (path.length === 2 ? [path[0]] : [])))
  return Object.entries(table).flatMap(([key, value]) => {
    if (!tables.has(key)) return known.has(key) ? [] : [key]
    if (!isTable(value)) return []
    return Object.keys(value)
      .map((inner) => `${key}.${inner}`)
      .filter((inner) => !known.has(inner))
  })
}
