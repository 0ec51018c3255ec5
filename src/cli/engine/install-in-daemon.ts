import type { Engine, EngineInstall } from '../../contract/engine.ts'
import { call } from '../api/client.ts'
import { sayingWhatGoesOn } from '../terminal/interrupt.ts'
import { showWaiting } from '../terminal/show-waiting.ts'

/**
 * Installs an engine, and shows for how long. The daemon goes on with it after Ctrl-C.
 * @throws Failure why it is not installed; the signal's reason once it aborted, after saying what goes on
 */
export const installInDaemon = (body: EngineInstall, signal: AbortSignal): Promise<Engine> =>
  sayingWhatGoesOn(
    () => showWaiting(`installing ${body.provider}`, () => call('installEngine', { body, signal, noTimeout: true })),
    () => [
      'The daemon goes on with the installation, which cannot be cancelled. See whether it is there: hal0 engine list',
      'Remove it again with: hal0 engine rm ID',
    ],
  )
