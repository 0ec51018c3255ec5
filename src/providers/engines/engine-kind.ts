/** The engines of one provider: how they are found, and how hal0 installs them. */
import type { Engine, EngineInstall } from '../../contract/engine.ts'
import type { GpuBackend } from '../../contract/hardware.ts'
import type { InstalledEngine } from './manifest.ts'

/** One installation. */
export interface InstallRequest {
  enginesDir: string
  /** The daemon's environment: index, certificates, proxy, PATH. */
  env: Record<string, string | undefined>
  /** null: the newest one. */
  version: string | null
  onProgress: (sentence: string) => void
}

/** Installs an engine, or returns the one already there. @throws Hal0Error `engine.install_failed`, `storage.full`, `storage.failed` */
export type Installer = (request: InstallRequest) => Promise<InstalledEngine>

export interface EngineKind {
  /** Name of the provider. */
  provider: string
  /** Name of the program on PATH. */
  program: string
  /** By source; the first source is the one that people are told to use. */
  sources: Readonly<Partial<Record<EngineInstall['source'], Installer>>>
  /** By which ways an engine uses GPUs; empty: it runs on the processor; null: it does not say. */
  gpuBackends(engine: Engine): Promise<readonly GpuBackend[] | null>
}

/** The command that installs an engine of this kind. */
export const installCommand = ({ provider, sources }: EngineKind): string => {
  const [source] = Object.keys(sources)
  return source === undefined
    ? `hal0 engine use PATH --provider ${provider}`
    : `hal0 engine install ${provider} --source ${source}`
}
