/** The engines as the HTTP layer, the CLI and the providers see them. */
import type { Engine, EngineInstall, EngineUse } from '../../contract/engine.ts'

export interface EngineService {
  /** Everything that could run a model here, with the default for slots marked. Reads the disk on each call. */
  list(): Promise<Engine[]>
  /**
   * @param onProgress gets sentences about what is being done
   * @throws Hal0Error `engine.install_failed`, `storage.full`, `storage.failed`
   */
  install(request: EngineInstall, onProgress?: (sentence: string) => void): Promise<Engine>
  /** Writes `[engines]` of hal0.toml. @throws Hal0Error `engine.not_found` */
  use(request: EngineUse): Promise<Engine>
  /** @throws Hal0Error `engine.not_found`, `engine.in_use` while hal0.toml names it */
  remove(id: string): Promise<void>
  /**
   * The engine of a slot, in this order: the slot's own setting, `[engines]` in hal0.toml, the newest installed one, the program
   * on PATH.
   * @param setting the slot's `engine`: an id or an absolute path
   * @throws Hal0Error `engine.not_installed` with the command that fixes it
   */
  find(provider: string, setting: string | null): Promise<Engine>
}
