/** The real llama.cpp and a tiny model on a test host, whose network reaches no package index. */
import { dirname } from 'node:path'
import { realEngine } from '../support/real-engine.ts'
import type { Binds, ExecOptions, SystemdHost } from '../support/systemd-host.ts'
import { tinyModel } from '../support/tiny-model.ts'

const engineAt = '/mnt/engine'
const modelsAt = '/mnt/models'

/** What a host has to be booted with. */
export const engineBinds = async (): Promise<Binds> => ({
  [engineAt]: dirname(await realEngine()),
  [modelsAt]: dirname(await tinyModel()),
})

/**
 * Puts the engine beside those that hal0 installs, as the API's own.
 * @param data the data folder of the installation
 * @param owner user and group of its engines
 * @returns the path of its llama-server
 */
export const putEngine = async (
  host: SystemdHost,
  data = '/var/lib/hal0',
  owner = 'hal0:hal0-slot',
): Promise<string> => {
  const folder = `${data}/engines/llama.cpp-test`
  const steps = [
    `mkdir -p ${data}/engines`,
    `cp -a ${engineAt} ${folder}`,
    // This machine's own Python may lie below /root, which the sandbox hides; a server's is Debian's.
    `ln -sfn /usr/bin/python3 ${folder}/venv/bin/python`,
    `chown -R ${owner} ${folder}`,
    `chmod -R g+rX ${folder}`,
  ]
  await host.must(['sh', '-c', steps.join(' && ')])
  return `${folder}/llama-server`
}

/** Imports the tiny model as `tiny`, by the command line. */
export const putModel = async (host: SystemdHost, options: ExecOptions = {}): Promise<void> => {
  await host.must(['cp', `${modelsAt}/tiny-chat.gguf`, '/opt/tiny.gguf'])
  await host.must(['chmod', '644', '/opt/tiny.gguf'])
  await host.must(['hal0', 'model', 'import', '/opt/tiny.gguf', '--id', 'tiny'], options)
}
