/** What two slots must not both have. The API refuses it, but files that people write may say it: then it is a problem. Pure. */
import type { SlotConfig } from '../contract/slot-config.ts'
import { Hal0Error } from '../lib/hal0-error.ts'

type Claims = Pick<SlotConfig, 'name' | 'port' | 'aliases' | 'model'>

/** What hides an alias, since a request's model is looked up by name first, then by ref (spec §2.3). */
const hidden = (alias: string, others: readonly Claims[]): string | null => {
  const named = others.find(({ name }) => name === alias)
  if (named !== undefined) return `is the name of another slot`
  const owner = others.find(({ model }) => model === alias)
  return owner === undefined ? null : `is the model of slot ${owner.name}`
}

const refused = (param: string, message: string): Hal0Error => new Hal0Error('request.invalid', message, { param })

/** @throws Hal0Error `request.invalid` for an alias that no request would ever find */
export const checkAliases = ({ aliases }: Pick<Claims, 'aliases'>, others: readonly Claims[]): void => {
  for (const alias of aliases) {
    const why = hidden(alias, others)
    if (why !== null) throw refused('aliases', `The alias ${JSON.stringify(alias)} ${why}. Choose another one.`)
  }
}

/** `/api/slots/events` is the event stream. */
const reservedNames = ['events']

/** @throws Hal0Error `request.invalid` for the name of a new slot that the API uses itself, or that would hide an alias */
export const checkName = (name: string, others: readonly Claims[]): void => {
  if (reservedNames.includes(name)) {
    throw refused('name', `A slot cannot be called ${name}: the API uses that word itself. Choose another name.`)
  }
  const owner = others.find(({ aliases }) => aliases.includes(name))
  if (owner === undefined) return
  throw refused('name', `${name} is an alias of slot ${owner.name}. Choose another name, or remove the alias first.`)
}

/** Conflicts between the slots' files, in sentences. */
export const conflictsOf = (slots: readonly Claims[]): string[] => {
  const problems: string[] = []
  for (const [index, slot] of slots.entries()) {
    const others = slots.filter((other) => other !== slot)
    for (const alias of slot.aliases) {
      const why = hidden(alias, others)
      if (why !== null)
        problems.push(
          `Slot ${slot.name} has the alias ${JSON.stringify(alias)}, which ${why}: no request finds the slot by it. Remove it, or choose another one.`,
        )
    }
    for (const other of slots.slice(index + 1)) {
      if (other.port !== slot.port) continue
      problems.push(
        `Slots ${slot.name} and ${other.name} both have port ${slot.port}: only one of them can run. Give one another port: hal0 slot edit ${other.name} --set port=PORT`,
      )
    }
  }
  return problems
}
