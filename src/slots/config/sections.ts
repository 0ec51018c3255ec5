/**
 * A slot's configuration in its three forms: the body of the API, the file, and what hal0 works with. All have the same common keys;
 * they differ in where the keys of the provider's section are. Pure.
 */
import { type TSchema, Type } from 'typebox'
import { fileRulesKeys, type SlotRules, type SlotRulesPatch } from '../../contract/rules/slot-rules.ts'
import { SlotName } from '../../contract/slot.ts'
import {
  type ConfigSection,
  commonDefaults,
  commonKeys,
  type SectionValues,
  type Slot,
  type SlotConfig,
  type SlotPatch,
} from '../../contract/slot-config.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { isTable, type Problem, problemsOf, requireNone } from '../../lib/validate.ts'
import type { WholeConfig } from '../../providers/provider.ts'
import { problemsOfRules } from './check-rules.ts'
import { oddKeys } from './odd-keys.ts'
import { changedRules, ruleKeys, wholeRules } from './rules.ts'

/** A slot's configuration whose port may still have to be allocated. */
export type StoredConfig = Omit<WholeConfig, 'port'> & {
  port: number | null
  /** What its file has that is likely a mistake: ends of sentences. */
  oddities?: readonly string[]
}

type Table = Record<string, unknown>

/** Changes of a configuration; null takes a key back to its default. */
export interface ConfigPatch {
  common: { [K in keyof Omit<SlotConfig, 'name' | keyof SlotRules>]?: SlotConfig[K] | null } & SlotRulesPatch
  section: SectionValues
}

const plainKeys = Object.keys(commonKeys).filter((key) => !(ruleKeys as string[]).includes(key))

const pick = (table: Table, keys: Table): Table =>
  Object.fromEntries(Object.entries(table).filter(([key, value]) => Object.hasOwn(keys, key) && value !== undefined))

/** `before` with `changes`; null resets a key to the value in `defaults`. */
const changed = (before: Table, changes: Table, defaults: Table): Table => {
  const after = { ...before }
  for (const [key, value] of Object.entries(changes)) after[key] = value === null ? defaults[key] : value
  return after
}

export class Sections {
  /** The sections of all providers, that of the default first. */
  readonly all: readonly ConfigSection[]
  readonly #default: string

  constructor(sections: readonly [ConfigSection, ...ConfigSection[]]) {
    this.all = sections
    this.#default = sections[0].provider
  }

  /** @throws Hal0Error `request.invalid` */
  of(provider: string): ConfigSection {
    const found = this.all.find((section) => section.provider === provider)
    if (found !== undefined) return found
    const known = this.all.map((section) => section.provider).join(', ')
    throw new Hal0Error('request.invalid', `There is no provider ${provider}. There are: ${known}.`, {
      param: 'provider',
    })
  }

  /** The configuration of a slot with an empty file; its port has yet to be allocated. */
  initial(name: string, provider = this.#default): StoredConfig {
    const { defaults } = this.of(provider)
    return {
      ...structuredClone(commonDefaults),
      aliases: [],
      name,
      provider,
      port: null,
      section: structuredClone(defaults),
    }
  }

  /** @throws Hal0Error `request.invalid` for rules that a slot cannot have */
  merged(config: StoredConfig, { common, section }: ConfigPatch): StoredConfig {
    const provider = common.provider ?? config.provider
    const initial = this.initial(config.name, provider)
    const before = provider === config.provider ? config.section : initial.section
    const { params, profiles, ...others } = common
    return {
      ...(changed({ ...config }, others, { ...initial }) as StoredConfig),
      ...this.#rulesWith(config, { params, profiles }),
      section: changed(before, section, initial.section),
    }
  }

  /** As the API shows it. */
  wire({ section, ...common }: WholeConfig): Slot['config'] {
    const { key, isFlat } = this.of(common.provider)
    return { ...common, ...(isFlat ? section : { [key]: section }) }
  }

  /**
   * The changes of a slot that a body of the API asks for.
   * @param current the slot's current provider; null: the slot is new
   * @throws Hal0Error `request.invalid` for keys of another provider, and for a key that is given twice
   */
  patchOf(body: SlotPatch, current: string | null): ConfigPatch {
    const { provider, key: own, fields, isFlat } = this.of(body.provider ?? current ?? this.#default)
    const common = pick(body, commonKeys)
    const inside = isTable(body[own]) ? body[own] : {}
    const beside = isFlat ? pick(body, fields) : {}
    for (const key of Object.keys(body)) {
      if (Object.hasOwn(common, key) || Object.hasOwn(beside, key) || key === own) continue
      throw new Hal0Error('request.invalid', `${key} is not a setting of slots that ${provider} runs.`, { param: key })
    }
    for (const key of Object.keys(inside)) {
      if (!Object.hasOwn(beside, key)) continue
      throw new Hal0Error('request.invalid', `${key} is given twice, by itself and in ${own}.`, { param: key })
    }
    return { common: common as ConfigPatch['common'], section: { ...beside, ...inside } }
  }

  /**
   * Reads the content of a slot's file.
   * @param name of the slot
   * @returns the problems of the file, or the configuration
   */
  read(name: string, table: Table): Problem[] | StoredConfig {
    const provider = table.provider ?? this.#default
    const section = this.all.find((one) => one.provider === provider) ?? null
    const problems = problemsOf(this.#schemaOf(section), table)
    if (table.name !== undefined && table.name !== name) {
      problems.push({ field: 'name', reason: `must be "${name}", the name of the file` })
    }
    const { beside, inside } = section === null ? { beside: {}, inside: {} } : this.#ownKeys(section, table)
    for (const key of Object.keys(inside)) {
      if (Object.hasOwn(beside, key)) {
        problems.push({ field: key, reason: `stands at the top and in [${section?.key}]: take one of them away` })
      }
    }
    const rules = problems.length === 0 ? wholeRules(table) : null
    if (rules === null || section === null) return problems
    problems.push(...problemsOfRules(rules))
    if (problems.length > 0) return problems
    const common = pick(table, Object.fromEntries(plainKeys.map((key) => [key, null])))
    const config = this.merged(this.initial(name, section.provider), { common, section: { ...beside, ...inside } })
    const oddities = oddKeys(table, section)
    return { ...config, ...rules, ...(oddities.length === 0 ? {} : { oddities }) }
  }

  /**
   * The changes of a slot's file that apply `patch` to it. Keys of a table that hal0 does not know stay in it.
   * @param table the current content of the file
   */
  edit(table: Table, { common, section: values }: ConfigPatch & { common: { name?: string } }): Table {
    const { params, profiles, ...others } = common
    const changes = changedRules(table, { params, profiles })
    for (const [key, value] of Object.entries(others)) changes[key] = value ?? undefined
    const section = this.sectionIn({ ...table, ...common })
    if (section === null || Object.keys(values).length === 0) return changes
    for (const key of Object.keys(values)) if (section.isFlat && table[key] !== undefined) changes[key] = undefined
    const before = table[section.key]
    const after = Object.entries({ ...(isTable(before) ? before : {}), ...values }).filter(
      ([, value]) => value !== null,
    )
    changes[section.key] = after.length === 0 ? undefined : Object.fromEntries(after)
    return changes
  }

  /** The section that counts in a file; null if its provider is unknown. */
  sectionIn(table: Table): ConfigSection | null {
    const provider = table.provider ?? this.#default
    return this.all.find((one) => one.provider === provider) ?? null
  }

  #ownKeys({ key, fields, isFlat }: ConfigSection, table: Table): { beside: Table; inside: Table } {
    const own = table[key]
    return { beside: isFlat ? pick(table, fields) : {}, inside: isTable(own) ? pick(own, fields) : {} }
  }

  #rulesWith(config: StoredConfig, patch: SlotRulesPatch): Partial<SlotRules> {
    const changes = changedRules({ ...config }, patch)
    if (Object.keys(changes).length === 0) return {}
    const rules = wholeRules({ ...config, ...changes })
    requireNone(problemsOfRules(rules), 'The configuration')
    return rules
  }

  readonly #schemas = new Map<ConfigSection | null, TSchema>()

  #schemaOf(section: ConfigSection | null): TSchema {
    const known = this.#schemas.get(section)
    if (known !== undefined) return known
    const own = section === null ? {} : { [section.key]: Type.Partial(Type.Object(section.fields)) }
    const schema = Type.Partial(
      Type.Object({
        name: SlotName,
        ...commonKeys,
        ...fileRulesKeys,
        provider: Type.Enum(this.all.map(({ provider }) => provider)),
        ...(section?.isFlat === true ? section.fields : {}),
        ...own,
      }),
    )
    this.#schemas.set(section, schema)
    return schema
  }
}
