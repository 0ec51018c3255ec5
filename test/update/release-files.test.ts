/** What `build.ts --release` writes beside the executables, and scripts/sign-release.ts. */
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { artifactName, type Release, writeInstaller, writeReleaseFiles } from '../../scripts/release/files.ts'
import { releaseTargets } from '../../src/contract/release.ts'
import { fetchManifest } from '../../src/update/release/manifest.ts'
import { parsePublicKey } from '../../src/update/release/minisign.ts'
import { tempDir } from '../support/temp-dir.ts'

const signer = join(import.meta.dir, '../../scripts/sign-release.ts')
const sign = (...args: string[]) => Bun.spawnSync([process.execPath, signer, ...args])
const release: Release = {
  version: '1.2.3',
  minVersion: '1.0.0',
  urlBase: null,
  releasedAt: new Date('2030-01-01T00:00:00.123Z'),
  expiresDays: 10,
}

/** A folder with a placeholder for each executable. */
const artifacts = (): string => {
  const folder = tempDir()
  for (const target of releaseTargets) writeFileSync(join(folder, artifactName('1.2.3', target)), `for ${target}`)
  return folder
}

test('a written and signed release is accepted by an update', async () => {
  const folder = artifacts()
  const written = await writeReleaseFiles(folder, release)
  expect(written).toEqual(['manifest.json', 'manifest-1.2.3.json', 'SHA256SUMS'])
  expect(sign('--generate', join(folder, 'test')).exitCode).toBe(0)
  expect(sign('--key', join(folder, 'test.key'), ...written.map((name) => join(folder, name))).exitCode).toBe(0)
  using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) => new Response(Bun.file(join(folder, new URL(url).pathname))),
  })
  const keys = [parsePublicKey(readFileSync(join(folder, 'test.pub'), 'utf8'))]
  const limits = { silentMs: 2000, totalMs: 2000 }
  for (const name of ['manifest.json', 'manifest-1.2.3.json']) {
    const manifest = await fetchManifest(fetch, `${server.url.href}${name}`, keys, limits)
    expect(manifest).toMatchObject({
      version: '1.2.3',
      min_version: '1.0.0',
      released_at: '2030-01-01T00:00:00Z',
      expires_at: '2030-01-11T00:00:00Z',
    })
    expect(manifest.targets['linux-arm64']).toMatchObject({ url: 'hal0-1.2.3-linux-arm64', size: 15 })
    expect(Object.keys(manifest.targets)).toEqual([...releaseTargets])
  }
})

test('sha256sum can read the checksums', async () => {
  const folder = artifacts()
  await writeReleaseFiles(folder, release)
  const run = () => Bun.spawnSync(['sha256sum', '--strict', '-c', 'SHA256SUMS'], { cwd: folder }).exitCode
  expect(run()).toBe(0)
  writeFileSync(join(folder, artifactName('1.2.3', 'linux-x64')), 'changed')
  expect(run()).toBe(1)
})

test('executables may be elsewhere than their manifest', async () => {
  const folder = artifacts()
  await writeReleaseFiles(folder, { ...release, urlBase: 'https://example.org/files/' })
  const { targets } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  expect(targets['linux-x64'].url).toBe('https://example.org/files/hal0-1.2.3-linux-x64')
})

test('a secret key is readable only by its owner, and never overwritten', () => {
  const folder = tempDir()
  expect(sign('--generate', join(folder, 'k')).exitCode).toBe(0)
  expect(statSync(join(folder, 'k.key')).mode & 0o777).toBe(0o600)
  const before = readFileSync(join(folder, 'k.key'), 'utf8')
  expect(sign('--generate', join(folder, 'k')).exitCode).not.toBe(0)
  expect(readFileSync(join(folder, 'k.key'), 'utf8')).toBe(before)
  expect(readdirSync(folder).sort()).toEqual(['k.key', 'k.pub'])
})

test('install.sh of a release knows where releases are, and that of a build without an address says that it does not', async () => {
  const source = join(import.meta.dir, '../../install.sh')
  const run = (folder: string) =>
    Bun.spawnSync(['sh', join(folder, 'install.sh')], { env: { PATH: process.env.PATH ?? '' } }).stderr.toString()
  const [without, given] = [tempDir(), tempDir()]
  await writeInstaller(source, without, '')
  expect(run(without)).toContain('This install.sh has no address for releases. Set HAL0_RELEASES')
  // A port on which nothing listens: it tries, and says what it tried.
  await writeInstaller(source, given, 'http://127.0.0.1:9')
  expect(run(given)).toContain('http://127.0.0.1:9/SHA256SUMS could not be downloaded')
})
