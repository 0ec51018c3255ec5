/** What two slots must not both have. The API refuses it, but files that people write may say it: then it is a problem. Pure. */
import type { SlotConfig } from '../contract/slot-config.ts'
import { Hal0Error } from '../lib/hal0-error.ts'

type Claims = Pick<SlotConfig, 'name' | 'port' | 'aliases' | 'model' | 'profiles'>
type Names = Omit<Claims, 'port'>

/** What hides an alias, since a request's model is looked up by name first, then by ref (spec §2.3). */
const hidden = (alias: string, others: readonly Names[]): string | null => {
  const named = others.find(({ name }) => name === alias)
  if (named !== undefined) return `is the name of another slot`
  const owner = others.find(({ model }) => model === alias)
  return owner === undefined ? null : `is the model of slot ${owner.name}`
}

/** An alias that reads like a profile of a slot: a request finds the alias, and never the profile. null: there is none. */
const hiddenProfile = (slots: readonly Names[]): { alias: string; owner: string; profile: string } | null => {
  for (const { name: owner, aliases } of slots) {
    for (const alias of aliases) {
      const colon = alias.lastIndexOf(':')
      const [base, profile] = [alias.slice(0, colon), alias.slice(colon + 1)]
      const of = slots.find(
        ({ name, model, aliases: own, profiles }) =>
          [name, model, ...own].includes(base) && Object.hasOwn(profiles, profile),
      )
      if (colon > 0 && of !== undefined) return { alias, owner, profile: `${profile} of slot ${of.name}` }
    }
  }
  return null
}

const refused = (param: string, message: string): Hal0Error => new Hal0Error('request.invalid', message, { param })

/** @throws Hal0Error `request.invalid` for an alias or a profile that no request would ever find */
export const checkAliases = (slot: Names, others: readonly Names[]): void => {
  for (const alias of slot.aliases) {
    const why = hidden(alias, others)
    if (why !== null) throw refused('aliases', `The alias ${JSON.stringify(alias)} ${why}. Choose another one.`)
  }
  const both = hiddenProfile([slot, ...others])
  if (both === null) return
  const message = `The alias ${JSON.stringify(both.alias)} of slot ${both.owner} means the profile ${both.profile}, too. Choose another name for one of them.`
  throw refused('profiles', message)
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
  const both = hiddenProfile(slots)
  if (both !== null) {
    problems.push(
      `Slot ${both.owner} has the alias ${JSON.stringify(both.alias)}, which means the profile ${both.profile}, too: no request finds the profile by it. Choose another name for one of them.`,
    )
  }
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
