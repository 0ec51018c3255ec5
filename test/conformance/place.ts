/** A daemon whose slots run the small model in a real engine, which is also asked directly: at its own port, without hal0. */
import type { SlotCreate } from '../../src/contract/slot-config.ts'
import type { Daemon } from '../support/daemon.ts'
import { keylessEngine } from '../support/keyless-engine.ts'
import { smallModel } from '../support/small-model.ts'
import { tempDir } from '../support/temp-dir.ts'

/** The name under which clients ask for the chat model. */
export const model = 'smollm2'

/**
 * Makes and loads a slot. Two requests at a time, so that a chat may have two choices; one thread, since more disturb each other on a busy
 * machine.
 * @returns the address of the bare engine
 */
export const addBare = async (daemon: Daemon, name: string, mode: SlotCreate['mode'] = 'chat'): Promise<string> => {
  await daemon.addSlot(await smallModel(), {
    name,
    model,
    mode,
    engine: await keylessEngine(tempDir()),
    context_size: 4096,
    parallel: 2,
    extra_args: ['--threads', '1', '--threads-batch', '1'],
  })
  await daemon.load(name)
  const { port } = await daemon.state(name)
  return `http://127.0.0.1:${port}`
}
