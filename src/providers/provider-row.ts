/** A row of the providers' table. */
import type { ConfigSection } from '../contract/slot-config.ts'
import type { EngineKind } from './engines/engine-kind.ts'
import type { EngineService } from './engines/engine-service.ts'
import type { Provider } from './provider.ts'

export interface ProviderDeps {
  engines: Pick<EngineService, 'find'>
  /** The daemon's environment. */
  env: Record<string, string | undefined>
}

/** Light, since the command line reads the table too: the provider itself is imported only by `start`. */
export interface ProviderRow {
  /** What it adds to a slot's configuration; this also has the provider's name. */
  section: ConfigSection
  engine: EngineKind
  /** Examples of an engine's id and path for the command line's help. */
  exampleEngine: { id: string; path: string }
  start(deps: ProviderDeps): Promise<Provider>
}
