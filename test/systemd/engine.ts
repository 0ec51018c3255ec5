/** The real llama.cpp and a tiny model on a test host, whose network reaches no package index. */
import { dirname } from 'node:path'
import { realEngine } from '../support/real-engine.ts'
import type { Binds, SystemdHost } from '../support/systemd-host.ts'
import { tinyModel } from '../support/tiny-model.ts'

const engineAt = '/mnt/engine'
const modelsAt = '/mnt/models'

/** What a host has to be booted with. */
export const engineBinds = async (): Promise<Binds> => ({
  [engineAt]: dirname(await realEngine()),
  [modelsAt]: dirname(await tinyModel()),
})

/** Puts the engine beside those that hal0 installs, as the API's own. @returns the path of its llama-server */
export const putEngine = async (host: SystemdHost): Promise<string> => {
  const folder = '/var/lib/hal0/engines/llama.cpp-test'
  // This machine's own Python may lie below /root, which the sandbox hides; a server's is Debian's.
  await host.must([
    'sh',
    '-c',
    `cp -a ${engineAt} ${folder} && ln -sfn /usr/bin/python3 ${folder}/venv/bin/python && chown -R hal0:hal0-slot ${folder} && chmod -R g+rX ${folder}`,
  ])
  return `${folder}/llama-server`
}

/** Imports the tiny model as `tiny`, by the command line. */
export const putModel = async (host: SystemdHost): Promise<void> => {
  await host.must(['hal0', 'model', 'import', `${modelsAt}/tiny-chat.gguf`, '--id', 'tiny'])
}
