/** What no schema can express about the rules of a slot: names, sizes, and values that only JSON or only TOML has. Pure. */
import { type BodyRules, rulesBounds, type SlotRules } from '../../contract/rules/slot-rules.ts'
import { isSlotName } from '../../contract/slot.ts'
import { isTable, type Problem } from '../../lib/validate.ts'

const keyForm = /^[A-Za-z0-9_-]{1,64}$/

/** Keys that hal0 itself goes by, with the reason. */
const owned: Readonly<Record<string, string>> = {
  model: 'says which slot answers',
  stream: 'says how the client reads the answer',
}

/** Why JSON cannot have a value; null: it can. */
const unfit = (value: unknown, depth: number): string | null => {
  if (depth > rulesBounds.depth) return `nests deeper than ${rulesBounds.depth} levels`
  if (typeof value === 'string' || typeof value === 'boolean') return null
  if (typeof value === 'bigint' || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    return 'holds a whole number beyond 9007199254740991, which would lose digits: write a text'
  }
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'holds a number that JSON does not have'
  if (value === null) return 'holds null, which a slot’s file cannot keep'
  if (Array.isArray(value)) return value.map((one) => unfit(one, depth + 1)).find((why) => why !== null) ?? null
  if (value instanceof Date || !isTable(value)) return 'holds something that JSON does not have, such as a time'
  return unfit(Object.values(value), depth)
}

const problemsOfSet = (at: string, { default: fill, fixed, remove }: BodyRules): Problem[] => {
  const values = [...Object.entries(fill), ...Object.entries(fixed)]
  const named = [
    ...Object.keys(fill).map((key) => ['default', key] as const),
    ...Object.keys(fixed).map((key) => ['fixed', key] as const),
    ...remove.map((key) => ['remove', key] as const),
  ]
  if (named.length > rulesBounds.keys) return [{ field: at, reason: `has more than ${rulesBounds.keys} keys` }]
  const problems: Problem[] = []
  const seen = new Map<string, string>()
  for (const [part, key] of named) {
    const field = part === 'remove' ? `${at}.remove` : `${at}.${part}.${key}`
    const before = seen.get(key)
    seen.set(key, part)
    if (!keyForm.test(key)) {
      const reason = `has the key ${JSON.stringify(key.slice(0, 70))}: a key has 1 to 64 letters, digits, dashes and underscores`
      problems.push({ field: `${at}.${part}`, reason })
    } else if (Object.hasOwn(owned, key)) {
      problems.push({ field, reason: `cannot be about ${key}, which ${owned[key]}` })
    } else if (before !== undefined) {
      problems.push({ field, reason: `is about ${key}, and so is ${before}: name it in one of them` })
    }
  }
  for (const [key, value] of values) {
    const why = unfit(value, 1)
    if (why !== null)
      problems.push({ field: `${at}.${Object.hasOwn(fill, key) ? 'default' : 'fixed'}.${key}`, reason: why })
  }
  if (problems.length === 0 && Buffer.byteLength(JSON.stringify(values)) > rulesBounds.bytes) {
    problems.push({ field: at, reason: `is larger than ${rulesBounds.bytes / 1024} KiB` })
  }
  return problems
}

/** What no schema can express about the rules of a slot. */
export const problemsOfRules = ({ params, profiles }: SlotRules): Problem[] => {
  const names = Object.keys(profiles)
  if (names.length > rulesBounds.profiles) {
    return [{ field: 'profiles', reason: `has more than ${rulesBounds.profiles} of them` }]
  }
  const misnamed = names.filter((name) => !isSlotName(name))
  return [
    ...problemsOfSet('params', params),
    ...misnamed.map((name) => ({
      field: 'profiles',
      reason: `has ${JSON.stringify(name.slice(0, 70))}: a profile is called as a slot is, with 1 to 32 letters a-z, digits and dashes`,
    })),
    ...names.flatMap((name) => problemsOfSet(`profiles.${name}`, profiles[name] as BodyRules)),
  ]
}
