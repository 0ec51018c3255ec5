/** Turns a slot's configuration into the plan of what to run. */

import type { Capability } from '../../contract/endpoints.ts'
import type { ModelEntry } from '../../contract/models/model.ts'
import { modelIdPattern } from '../../contract/slot.ts'
import type { SlotConfig } from '../../contract/slot-config.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { ModelLookup } from '../../models/registry/registry-port.ts'
import type { BackendTraits } from '../../providers/backend-traits.ts'
import type {
  Abilities,
  Cause,
  LaunchPlan,
  ModelHere,
  Provider,
  Recognised,
  WatchPlan,
  WholeConfig,
} from '../../providers/provider.ts'
import type { ExitReport } from '../../system/supervisor.ts'
import { noModel } from '../machine/slot-errors.ts'

export interface Planner {
  /** Why the configured model cannot be loaded; null when no reason is known. Answers from memory, at once. */
  obstacle(config: SlotConfig): Hal0Error | null
  /** The configured model, if it (or one of its files) is missing and its source is known; otherwise null. */
  missing(config: Pick<SlotConfig, 'model'>): string | null
  /**
   * Checks everything that the load needs, so that a hopeless load is refused before anything is stopped for it.
   * @throws Hal0Error `model.not_found`, `slot.no_model`, and what `Provider.plan` throws
   */
  plan(config: WholeConfig): Promise<LaunchPlan>
  /** For a process that is already running, whatever has happened to its engine and its model's files. */
  watchPlan(config: WholeConfig): Promise<WatchPlan>
  /** What a process was started with, read from its command line; null when no provider recognises it. */
  recognise(argv: readonly string[]): Recognised | null
  /** Checks a configuration for problems that its schema cannot express. @throws Hal0Error `request.invalid` */
  check(config: WholeConfig): void
  /** The mode in which the slot runs: its own, or else what its model is for; null while that is unknown. */
  mode(config: WholeConfig): Capability | null
  /** What clients may ask of the slot's model. */
  abilities(config: WholeConfig): Abilities
  /** Ids of the models that the configuration names besides `model`. */
  otherModels(config: WholeConfig): string[]
  /** What the relay needs to know about a provider's backends. @throws Hal0Error `request.invalid` */
  backend(provider: string): BackendTraits
  /** See Provider.lessMemory. */
  lessMemory(config: Pick<SlotConfig, 'provider'>): string
  ranOutOfMemory(config: WholeConfig, lastLines: readonly string[], isLoading: boolean): boolean
  /** Why a backend died, from its last lines; null when they do not say. */
  causeOf(config: WholeConfig, exit: Pick<ExitReport, 'lastLines' | 'signal'>, isLoading: boolean): Cause | null
}

const legalId = new RegExp(modelIdPattern)

/** What is known about missing models. */
export interface ModelSources {
  /** Whether the source of a model is known. */
  knows(id: string): boolean
  /** Why a known model cannot be obtained, as a sentence; null when nothing prevents it. */
  refusalOf(id: string): string | null
}

const noSources: ModelSources = { knows: () => false, refusalOf: () => null }

export const makePlanner = (
  models: ModelLookup,
  providers: readonly Provider[],
  sources: ModelSources = noSources,
): Planner => {
  const find = (config: { provider: string }) => providers.find(({ name }) => name === config.provider)
  const provider = (config: { provider: string }): Provider => {
    const found = find(config)
    if (found !== undefined) return found
    throw new Hal0Error(
      'request.invalid',
      `There is no provider ${config.provider}. There are: ${providers.map((one) => one.name).join(', ')}.`,
      {
        param: 'provider',
      },
    )
  }
  const missing = (id: string) =>
    new Hal0Error(
      'model.not_found',
      sources.refusalOf(id) ??
        `Model ${id} is not in the registry. See what is there: hal0 model list; find one: hal0 model search WORDS; register a file: hal0 model import FILE`,
      { param: 'model', details: { model: id, available: models.list().map((one) => one.id) } },
    )
  const isHere = (id: string): boolean => {
    const entry = models.get(id)
    return entry !== null && models.lost(entry).length === 0
  }
  const lookUp = (id: string): ModelHere => {
    const entry = legalId.test(id) ? models.get(id) : null
    if (entry === null) throw missing(id)
    return { entry, files: models.filePaths(entry) }
  }
  const entryOf = ({ model }: SlotConfig): ModelEntry | null => (model === null ? null : models.get(model))
  return {
    obstacle: (config) => {
      if (config.model === null) return noModel(config.name)
      return models.get(config.model) === null && !sources.knows(config.model) ? missing(config.model) : null
    },
    missing: ({ model }) => (model !== null && !isHere(model) && sources.knows(model) ? model : null),
    plan: async (config) => {
      if (config.model === null) throw noModel(config.name)
      const [one, model] = [provider(config), lookUp(config.model)]
      const format = models.format(model.entry)
      if (!one.formats.includes(format)) {
        throw new Hal0Error(
          'request.invalid',
          `${one.name} runs models of the format ${one.formats.join(' or ')}, and ${config.model} is of the format ${format}. Give the slot another model or another provider.`,
          { param: 'model' },
        )
      }
      return one.plan({ config, model, lookUp })
    },
    watchPlan: (config) => provider(config).watchPlan(config, entryOf(config)),
    recognise: (argv) => {
      for (const one of providers) {
        const recognised = one.recognise(argv)
        if (recognised !== null) return recognised
      }
      return null
    },
    check: (config) => {
      const one = provider(config)
      const { mode } = config
      if (mode !== null && !one.modes.includes(mode)) {
        throw new Hal0Error('request.invalid', `${one.name} runs no slots of the mode ${mode}.`, { param: 'mode' })
      }
      one.check(config)
    },
    mode: (config) => provider(config).mode(config, entryOf(config)),
    abilities: (config) => provider(config).abilities(config, entryOf(config)),
    otherModels: (config) => provider(config).otherModels(config),
    // A hand-edited file may name a provider that there is not, while its backend dies.
    lessMemory: (config) => find(config)?.lessMemory ?? 'or other settings',
    backend: (name) => provider({ provider: name }).backend,
    causeOf: (config, { lastLines, signal }, isLoading) => provider(config).causeOf(lastLines, signal, isLoading),
    ranOutOfMemory: (config, lastLines, isLoading) => provider(config).ranOutOfMemory(lastLines, isLoading),
  }
}
