/** `hal0 update` on a real systemd, from compiled executables: what runs keeps running, and what does not work is taken back. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { artifactName, writeReleaseFiles } from '../../scripts/release/files.ts'
import { makeKeyPair, signContent } from '../../scripts/release/minisign.ts'
import { releaseTargets } from '../../src/contract/release.ts'
import type { Slot } from '../../src/contract/slot-config.ts'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'
import { engineBinds, putEngine, putModel } from './engine.ts'

setDefaultTimeout(180_000)
const withHost = testWith('root and systemd', hasSystemdHost)
const keys = makeKeyPair()
const build = join(import.meta.dir, '../../build.ts')
const releasesAt = '/mnt/releases'
const url = 'http://127.0.0.1:9000'

/** An executable of hal0 that claims to be `version` and trusts the keys of this test. */
const compile = (version: string, outfile: string): void => {
  const argv = [
    process.execPath,
    build,
    '--outfile',
    outfile,
    '--version',
    version,
    '--release-key',
    keys.public.split('\n')[1] ?? '',
  ]
  const { exitCode, stderr } = Bun.spawnSync(argv, { stderr: 'pipe' })
  if (exitCode !== 0) throw new Error(stderr.toString())
}

/** Makes a signed release of the executable at `program` in a folder of its own. */
const publish = async (folder: string, version: string, program: string): Promise<void> => {
  const place = join(folder, version)
  mkdirSync(place)
  for (const target of releaseTargets) linkSync(program, join(place, artifactName(version, target)))
  const release = { version, minVersion: '0.1.0', urlBase: null, releasedAt: new Date(), expiresDays: 1 }
  for (const name of await writeReleaseFiles(place, release)) {
    const signature = signContent(readFileSync(join(place, name)), keys.secret, `hal0 ${version}`)
    writeFileSync(join(place, `${name}.minisig`), signature)
  }
}

/** States its version, but cannot serve. */
const brokenProgram = `#!/bin/sh
case $1 in
  version) echo '{"version":"0.4.0"}' ;;
  *) echo 'cannot serve: the flux capacitor is missing' >&2; exit 1 ;;
esac
`

describe.if(hasSystemdHost || process.env.CI === 'true')('an update', () => {
  const releases = mkdtempSync(join(tmpdir(), 'hal0-releases-'))
  let host: SystemdHost
  const status = async () => JSON.parse(await host.must(['hal0', 'status', '--json'])) as { version: string }
  const slot = async () => (JSON.parse(await host.must(['hal0', 'slot', 'show', 'primary', '--json'])) as Slot).state
  const update = (...args: string[]) => host.exec(['hal0', 'update', '--yes', ...args], { timeoutMs: 200_000 })
  const from = (version: string) => ['--url', `${url}/${version}/manifest.json`]

  beforeAll(async () => {
    compile('0.2.0', join(releases, 'hal0'))
    compile('0.3.0', join(releases, 'hal0-0.3.0'))
    await publish(releases, '0.3.0', join(releases, 'hal0-0.3.0'))
    writeFileSync(join(releases, 'broken'), brokenProgram)
    chmodSync(join(releases, 'broken'), 0o755)
    await publish(releases, '0.4.0', join(releases, 'broken'))
    host = await SystemdHost.start({ ...(await engineBinds()), [releasesAt]: releases })
    // A busy machine needs 40 s for a stream that takes one otherwise; with the usual 10 s it was cut off.
    await host.must(['sh', '-c', 'mkdir /etc/hal0 && echo "drain_s = 60" > /etc/hal0/hal0.toml'])
    await host.must([`${releasesAt}/hal0`, 'setup', '--yes'])
    await host.must([
      'systemd-run',
      '--unit=releases',
      '/usr/bin/python3',
      '-m',
      'http.server',
      '9000',
      '--bind',
      '127.0.0.1',
      '--directory',
      releasesAt,
    ])
    const engine = await putEngine(host)
    await putModel(host)
    await host.must(['hal0', 'slot', 'create', 'primary', '--model', 'tiny', '--set', `engine=${engine}`])
    await host.must(['hal0', 'slot', 'load', 'primary'])
    await host.until('the releases are served', async () => (await host.exec(['curl', '-sf', url])).code === 0)
  })
  afterAll(async () => {
    await host?.stop()
    rmSync(releases, { recursive: true, force: true })
  })

  withHost('runs the new version, keeps the slot’s process, and lets a stream end first', async () => {
    const { pid } = await slot()
    const body = JSON.stringify({ model: 'primary', prompt: 'a', max_tokens: 600, stream: true, ignore_eos: true })
    const json = ['-H', 'content-type: application/json', '-d', body]
    const stream = host.exec(['curl', '-sN', ...json, 'http://127.0.0.1:8080/v1/completions'], { timeoutMs: 200_000 })
    await host.until('it streams', async () => (await slot()).state === 'serving')
    const { code, stdout, stderr } = await update(...from('0.3.0'))
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('hal0 0.3.0 is installed; it was 0.2.0.')])
    const streamed = await stream
    expect(streamed.code).toBe(0)
    expect(streamed.stdout.trimEnd()).toEndWith('data: [DONE]')
    expect((await status()).version).toBe('0.3.0')
    expect(await slot()).toMatchObject({ pid, state: 'ready' })
  })

  withHost('that cannot serve is taken back, with what it said, and the slot keeps running', async () => {
    const { pid } = await slot()
    const { code, stderr } = await update(...from('0.4.0'))
    expect(code).toBe(1)
    expect(stderr).toContain('hal0 0.4.0 was undone')
    expect((await status()).version).toBe('0.3.0')
    expect((await slot()).pid).toBe(pid)
    expect(await host.must(['readlink', '/usr/lib/hal0/current'])).toBe('0.3.0\n')
  })

  withHost('goes back to the version before, and the slot keeps running', async () => {
    const { pid } = await slot()
    const { code, stdout } = await update('--rollback')
    expect([code, stdout]).toEqual([0, 'hal0 0.2.0 is installed; it was 0.3.0.\n'])
    expect((await status()).version).toBe('0.2.0')
    expect((await slot()).pid).toBe(pid)
  })

  withHost(
    'that is killed at any moment leaves the old or the new version running, and the next one succeeds',
    async () => {
      const { pid } = await slot()
      for (let delayMs = 20; delayMs < 700; delayMs += 85) {
        const version = (await status()).version === '0.2.0' ? '0.3.0' : '0.2.0'
        const args = version === '0.3.0' ? from('0.3.0').join(' ') : '--rollback'
        await host.exec([
          'timeout',
          '--signal=KILL',
          String(delayMs / 1000),
          'sh',
          '-c',
          `exec hal0 update --yes ${args}`,
        ])
        await host.until('a version answers', async () => /^0\.[23]\.0$/.test((await status()).version), 5000)
        expect((await host.exec(['/usr/lib/hal0/current/hal0', 'version'])).code).toBe(0)
      }
      const goal = (await status()).version === '0.3.0' ? ['--rollback'] : from('0.3.0')
      expect((await update(...goal)).code).toBe(0)
      expect((await slot()).pid).toBe(pid)
      expect((await host.must(['ls', '/usr/lib/hal0'])).split('\n')).not.toContain('0.4.0')
    },
  )

  withHost('leaves nothing that uninstall does not find', async () => {
    await host.must(['hal0', 'uninstall', '--yes'])
    expect((await host.exec(['ls', '-A', '/usr/lib/hal0'])).code).not.toBe(0)
  })
})
