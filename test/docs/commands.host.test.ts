/** Every command of README and docs for a server, run on a real systemd in the order in which a reader meets them. */
import { onTestFinished, setDefaultTimeout } from 'bun:test'
import { dirname } from 'node:path'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { startPackageIndex, wheelBinds } from '../systemd/package-index.ts'
import { pages, scriptOf } from './pages.ts'

setDefaultTimeout(300_000)
const withHost = testWith('root and systemd', hasSystemdHost)

const modelsAt = '/mnt/models'

/** A server as a reader has it: the built executable in ./dist, a model in the home, and a name in the network. */
const newServer = async (): Promise<SystemdHost> => {
  const host = await SystemdHost.start({ ...(await wheelBinds()), [modelsAt]: dirname(await tinyModel()) })
  onTestFinished(() => host.stop())
  await startPackageIndex(host)
  const steps = [
    // Whoever runs the commands is root already.
    'printf \'#!/bin/sh\\nexec "$@"\\n\' > /usr/local/bin/sudo && chmod 755 /usr/local/bin/sudo',
    `mkdir -p /root/hal0/dist /srv && ln -s ${host.binary} /root/hal0/dist/hal0`,
    `cp ${modelsAt}/tiny-chat.gguf /root/my-model.gguf`,
    'echo "127.0.0.1 nas.local" >> /etc/hosts',
  ]
  await host.must(['sh', '-c', steps.join(' && ')])
  return host
}

/** Runs a script in bash, which stops at its first failure. @throws Error with everything that it printed */
const bash = (host: SystemdHost, script: string): Promise<string> =>
  host.must(['bash', '-euxo', 'pipefail', '-c', `cd /root/hal0\n${script}`], {
    timeoutMs: 280_000,
    env: { HOME: '/root' },
  })

for (const page of pages) {
  const script = scriptOf(page, 'host')
  if (script === '') continue
  withHost(`the commands of ${page.path} work one after the other on a server`, async () => {
    const host = await newServer()
    // Only these two pages begin with an empty server.
    if (!/hal0 setup/.test(script)) await bash(host, 'sudo ./dist/hal0 setup --yes')
    await bash(host, script)
  })
}
