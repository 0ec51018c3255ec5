/** Turns a patch of the settings into changes of hal0.toml's table. Pure. */
import type { ServerConfig } from '../../contract/config.ts'
import type { SettingPath, SettingsPatch } from '../../contract/settings.ts'
import { isTable } from '../../lib/validate.ts'
import type { TomlTable } from '../files/toml-file.ts'

/** undefined: the file does not set it. */
export const valueAt = (config: ServerConfig, [first, second]: SettingPath): unknown => {
  const value = (config as TomlTable)[first]
  if (second === undefined) return value
  return isTable(value) ? value[second] : undefined
}

/** The table `before` with the keys of `patch`; null removes a key. */
const patched = (before: TomlTable, patch: TomlTable): TomlTable => {
  const after = { ...before }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key]
    else after[key] = value
  }
  return after
}

/** The top-level keys of `table` that `patch` changes; undefined removes one. The hub's token is not a key of the file. */
export const tomlChanges = (table: TomlTable, patch: SettingsPatch): TomlTable => {
  const changes: TomlTable = {}
  for (const [key, value] of Object.entries(patch)) {
    if (!isTable(value)) {
      if (value !== null || Object.hasOwn(table, key)) changes[key] = value ?? undefined
      continue
    }
    const { token: _, ...inner }: TomlTable = value
    if (Object.keys(inner).length === 0) continue
    const before = table[key]
    const after = patched(isTable(before) ? before : {}, inner)
    // Removing keys from a table that does not exist must not create an empty one.
    if (before !== undefined || Object.keys(after).length > 0) changes[key] = after
  }
  return changes
}
