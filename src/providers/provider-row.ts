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

/** Light, since the command line reads the table too: what does the work is imported when it is started. */
export interface ProviderRow {
  /** What it adds to a slot's configuration; the name of the provider is there. */
  section: ConfigSection
  engine: EngineKind
  /** For the help of the command line: how an engine is called. */
  exampleEngine: { id: string; path: string }
  start(deps: ProviderDeps): Promise<Provider>
}
