import type { EngineInstall } from '../../contract/engine.ts'
import { firstInstall, providerTable } from '../../providers/table.ts'
import { call } from '../api/client.ts'
import { installInDaemon } from '../engine/install-in-daemon.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { talk } from '../terminal/output.ts'

/** Where hal0 itself gets an engine of that provider from. @throws Failure when it cannot */
const sourceFor = (provider: string): EngineInstall['source'] => {
  const row = providerTable.find(({ section }) => section.provider === provider)
  const [source] = Object.keys(row?.engine.sources ?? {}) as EngineInstall['source'][]
  if (source !== undefined) return source
  throw new Failure(exitCode.failed, `There is no engine for ${provider}, and hal0 cannot install one.`, {
    hint: `hal0 engine use PATH --provider ${provider}`,
  })
}

/**
 * Installs an engine where there is none for that provider. The daemon goes on with it after Ctrl-C.
 * @throws Failure why there is none; the signal's reason once it aborted
 */
export const ensureEngine = async (provider: string, signal: AbortSignal): Promise<void> => {
  const engines = await call('listEngines', {})
  if (engines.some((engine) => engine.provider === provider)) return
  const source = sourceFor(provider)
  talk.log(`No engine is here yet; installing ${provider} (source: ${source}), once.`)
  try {
    const { id } = await installInDaemon({ provider, source }, signal)
    talk.log(`${id} is installed.`)
  } catch (error) {
    if (!(error instanceof Failure) || error.hint !== null) throw error
    throw new Failure(error.exitCode, error.message, {
      details: error.details,
      hint: firstInstall,
      cause: error,
      ...(error.body === null ? {} : { body: error.body }),
    })
  }
}
