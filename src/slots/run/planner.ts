/** Turns a slot's configuration into what is to be run. */
import { isAbsolute } from 'node:path'
import { modelIdPattern, type SlotConfig } from '../../contract/slot.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { ModelLookup } from '../../models/registry/registry-port.ts'
import type { BackendTraits } from '../../providers/backend-traits.ts'
import type { Cause, LaunchPlan, Provider, Recognised, WatchPlan } from '../../providers/provider.ts'
import type { ExitReport } from '../../system/supervisor.ts'
import { noModel } from '../machine/slot-errors.ts'
import { checkModelFiles, checkProjector } from './check-files.ts'

export interface Planner {
  /** Why the configured model cannot be loaded; null when nothing is known against it. From memory, at once. */
  obstacle(config: SlotConfig): Hal0Error | null
  /** The configured model, while it (or a file of it) is not here and it is known where it comes from; null otherwise. */
  missing(config: SlotConfig): string | null
  /**
   * Looks at everything that the load needs, so that what cannot succeed is known before anything is stopped for it.
   * @throws Hal0Error `engine.not_installed`, `model.not_found`, `model.corrupt`, `slot.no_model`, `request.invalid`
   */
  plan(config: SlotConfig): Promise<LaunchPlan>
  /** For a process that runs already, whatever became of its engine and its model's files. */
  watchPlan(config: SlotConfig): Promise<WatchPlan>
  /** What a process was started with, by its command line; null when no provider knows it. */
  recognise(argv: readonly string[]): Recognised | null
  /** Problems of a configuration that its schema cannot see. @throws Hal0Error `request.invalid` */
  check(config: SlotConfig): void
  /** The mode in which the slot runs: its own, else what its model is for; null while that is unknown. */
  mode(config: SlotConfig): SlotConfig['mode']
  /** What backends of a provider are like to whoever relays to them. @throws Hal0Error `request.invalid` */
  backend(provider: string): BackendTraits
  ranOutOfMemory(config: SlotConfig, lastLines: readonly string[], isLoading: boolean): boolean
  /** Why a backend died, by what it printed last; null when that does not tell. */
  causeOf(config: SlotConfig, exit: Pick<ExitReport, 'lastLines' | 'signal'>, isLoading: boolean): Cause | null
}

const legalId = new RegExp(modelIdPattern)

/** What is known of models that are not here. */
export interface ModelSources {
  /** Whether it is known where a model comes from. */
  knows(id: string): boolean
  /** Why a model that is known cannot be had, as a sentence; null when nothing is against it. */
  refusalOf(id: string): string | null
}

const noSources: ModelSources = { knows: () => false, refusalOf: () => null }

export const makePlanner = (
  models: ModelLookup,
  providers: readonly Provider[],
  sources: ModelSources = noSources,
): Planner => {
  const provider = (config: { provider: string }): Provider => {
    const found = providers.find((one) => one.name === config.provider)
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
  const projector = (config: SlotConfig): string | null => {
    if (config.mmproj === null || isAbsolute(config.mmproj)) return config.mmproj
    const entry = legalId.test(config.mmproj) ? models.get(config.mmproj) : null
    const file = entry === null ? undefined : models.filePaths(entry)[0]
    if (file === undefined) throw missing(config.mmproj)
    return file
  }
  return {
    obstacle: (config) => {
      if (config.model === null) return noModel(config.name)
      return models.get(config.model) === null && !sources.knows(config.model) ? missing(config.model) : null
    },
    missing: ({ model }) => (model !== null && !isHere(model) && sources.knows(model) ? model : null),
    plan: async (config) => {
      if (config.model === null) throw noModel(config.name)
      const model = models.get(config.model)
      if (model === null) throw missing(config.model)
      const files = models.filePaths(model)
      const mmproj = projector(config)
      await checkModelFiles(model, files)
      if (mmproj !== null && files[0] !== undefined) await checkProjector(mmproj, files[0])
      return provider(config).plan({ config, model, files, mmproj })
    },
    watchPlan: (config) => provider(config).watchPlan(config, config.model === null ? null : models.get(config.model)),
    recognise: (argv) => {
      for (const one of providers) {
        const recognised = one.recognise(argv)
        if (recognised !== null) return recognised
      }
      return null
    },
    check: (config) => provider(config).check(config),
    mode: (config) => {
      if (config.mode !== null) return config.mode
      const kind = config.model === null ? null : (models.get(config.model)?.kind ?? null)
      return kind === 'mmproj' ? null : kind
    },
    backend: (name) => provider({ provider: name }).backend,
    causeOf: (config, { lastLines, signal }, isLoading) => provider(config).causeOf(lastLines, signal, isLoading),
    ranOutOfMemory: (config, lastLines, isLoading) => provider(config).ranOutOfMemory(lastLines, isLoading),
  }
}
