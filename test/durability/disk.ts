/** What the files of a root say, read without the daemon's own code but for the schemas. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseToml } from '@decimalturn/toml-patch'
import { ModelEntry } from '../../src/contract/models/model.ts'
import { SlotRecord } from '../../src/contract/slot.ts'
import { problemsOf } from '../../src/lib/validate.ts'
import { slotName, type World } from './life.ts'

export const stateFile = (root: string, slot: string = slotName): string =>
  join(root, 'var/lib/hal0/slots', slot, 'state.json')
const modelsFolder = (root: string): string => join(root, 'var/lib/hal0/models')

/** The text of a slot's state.json; null when there is none. @throws unless it is one whole record */
export const readState = (root: string, slot: string = slotName): { json: string; record: SlotRecord } | null => {
  if (!existsSync(stateFile(root, slot))) return null
  const json = readFileSync(stateFile(root, slot), 'utf8')
  const record: unknown = JSON.parse(json)
  const problem = problemsOf(SlotRecord, record)[0]
  if (problem !== undefined) throw new Error(`state.json: ${problem.field} ${problem.reason}: ${json}`)
  return { json, record: record as SlotRecord }
}

/**
 * The slot's last record as a dead daemon left it. A deletion takes the folder away first; when it is cut off before the slot's TOML is
 * gone, the next daemon puts the folder back.
 */
export const readLastState = (root: string): ReturnType<typeof readState> => {
  const slots = join(root, 'var/lib/hal0/slots')
  const aside = existsSync(slots)
    ? readdirSync(slots).find((name) => name.startsWith(`.deleted-${slotName}-`))
    : undefined
  return readState(root) ?? (aside === undefined ? null : readState(root, aside))
}

const readModels = (root: string): string[] => {
  if (!existsSync(modelsFolder(root))) return []
  const entries = readdirSync(modelsFolder(root)).filter((name) => /^[^.].*\.json$/.test(name))
  return entries.map((name) => {
    const entry: unknown = JSON.parse(readFileSync(join(modelsFolder(root), name), 'utf8'))
    if (problemsOf(ModelEntry, entry).length > 0) throw new Error(`${name} is no model entry`)
    const { id, files } = entry as ModelEntry
    for (const { path, sha256 } of files) {
      const actual = createHash('sha256')
        .update(readFileSync(join(modelsFolder(root), path)))
        .digest('hex')
      const sidecar = readFileSync(join(modelsFolder(root), `${path}.sha256`), 'utf8')
      if (actual !== sha256 || !sidecar.startsWith(`${sha256}  `)) throw new Error(`${path} is not what ${name} says`)
    }
    return id
  })
}

/** What there is, by the registry's entries and the slot's TOML. @throws when a file is not whole */
export const readWorld = (root: string): World => {
  const file = join(root, 'etc/hal0/slots', `${slotName}.toml`)
  const models = readModels(root).sort()
  if (!existsSync(file)) return { models, slot: null }
  const table = parseToml(readFileSync(file, 'utf8')) as Record<string, unknown>
  for (const key of ['name', 'model', 'port', 'engine'])
    if (table[key] === undefined) throw new Error(`no ${key} in ${file}`)
  // The API writes a provider's keys into its section.
  const section = (table.llama_cpp ?? {}) as { context_size?: number }
  return { models, slot: { model: String(table.model), context: section.context_size ?? null } }
}

/** Files that only exist while something is being written. */
export const leftovers = (root: string): string[] =>
  (readdirSync(root, { recursive: true }) as string[]).filter((path) =>
    /\.tmp$|\/\.(import|pending|deleted)-/.test(path),
  )
