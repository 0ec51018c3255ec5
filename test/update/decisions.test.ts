/** Decisions without side effects: which release, for which machine. */
import { describe, expect, test } from 'bun:test'
import type { ReleaseManifest } from '../../src/contract/release.ts'
import { localUrl } from '../../src/system/config/server-config.ts'
import { checkFresh, checkStep, chooseArtifact } from '../../src/update/release/checks.ts'
import { artifactUrl, manifestUrl } from '../../src/update/release/manifest.ts'
import { targetOf } from '../../src/update/release/target.ts'

const artifact = { url: 'a', size: 1, sha256: '0'.repeat(64) }
const manifest = (version: string): ReleaseManifest => ({
  version,
  released_at: '2030-01-01T00:00:00Z',
  expires_at: '2030-02-01T00:00:00Z',
  min_version: '0.2.0',
  targets: { 'linux-x64': artifact },
})
const expires = Date.parse('2030-02-01T00:00:00Z')

describe('a manifest', () => {
  test('is fresh until the instant of its expiry', () => {
    expect(() => checkFresh(manifest('1.0.0'), { now: expires - 1, wanted: null })).not.toThrow()
    expect(() => checkFresh(manifest('1.0.0'), { now: expires, wanted: null })).toThrow(
      'expired at 2030-02-01T00:00:00Z',
    )
    expect(() => checkFresh(manifest('1.0.0'), { now: expires, wanted: '1.0.0' })).toThrow('expired')
  })

  test('whose expiry is not a real date has expired', () => {
    const odd = { ...manifest('1.0.0'), expires_at: '2030-13-01T00:00:00Z' }
    expect(() => checkFresh(odd, { now: 0, wanted: null })).toThrow('expired')
  })

  test('of another version than the one asked for is refused', () => {
    expect(() => checkFresh(manifest('1.0.0'), { now: 0, wanted: '1.0.1' })).toThrow(
      'serves the manifest of hal0 1.0.0',
    )
  })

  test('is an update if it is newer, and none if it is the installed one', () => {
    expect(checkStep(manifest('1.0.0'), { current: '0.9.0', wanted: null })).toBe(true)
    expect(checkStep(manifest('1.0.0'), { current: '1.0.0-rc.1', wanted: null })).toBe(true)
    expect(checkStep(manifest('1.0.0'), { current: '1.0.0', wanted: null })).toBe(false)
  })

  test('that is older has to be requested by its version', () => {
    expect(() => checkStep(manifest('1.0.0'), { current: '1.0.1', wanted: null })).toThrow('hal0 update --to 1.0.0')
    expect(checkStep(manifest('1.0.0'), { current: '1.0.1', wanted: '1.0.0' })).toBe(true)
  })

  test('cannot be reached from below its oldest predecessor, and names that', () => {
    expect(checkStep(manifest('1.0.0'), { current: '0.2.0', wanted: null })).toBe(true)
    expect(() => checkStep(manifest('1.0.0'), { current: '0.1.9', wanted: null })).toThrow('hal0 update --to 0.2.0')
  })

  test('without an executable for the machine says which machines have one', () => {
    expect(chooseArtifact(manifest('1.0.0'), 'linux-x64')).toBe(artifact)
    expect(() => chooseArtifact(manifest('1.0.0'), 'linux-arm64')).toThrow('(linux-arm64); there is: linux-x64.')
    expect(() => chooseArtifact(manifest('1.0.0'), null)).toThrow('of a kind that hal0 does not know')
  })
})

test('addresses are relative to the manifest, and only http and https are allowed', () => {
  const url = 'https://example.org/hal0/manifest.json?a=b'
  expect(manifestUrl(url, null)).toBe(url)
  expect(manifestUrl(url, '1.2.3')).toBe('https://example.org/hal0/manifest-1.2.3.json')
  expect(artifactUrl(url, 'hal0-1.2.3-linux-x64')).toBe('https://example.org/hal0/hal0-1.2.3-linux-x64')
  expect(artifactUrl(url, 'https://example.net/x')).toBe('https://example.net/x')
  for (const bad of ['file:///etc/passwd', 'manifest.json', ''])
    expect(() => manifestUrl(bad, null)).toThrow('is not an http')
  expect(() => artifactUrl(url, 'file:///etc/passwd')).toThrow('is not an http')
})

test('the target is one that the processor can run', () => {
  const machine = (arch: string, flags: string) => ({
    platform: 'linux',
    arch,
    cpuinfo: `model name : x\nflags\t\t: fpu ${flags} sse\n`,
  })
  expect(targetOf(machine('x64', 'avx2'))).toBe('linux-x64')
  expect(targetOf(machine('x64', 'avx'))).toBe('linux-x64-baseline')
  expect(targetOf({ platform: 'linux', arch: 'x64', cpuinfo: '' })).toBe('linux-x64-baseline')
  expect(targetOf(machine('arm64', ''))).toBe('linux-arm64')
  expect(targetOf(machine('riscv64', ''))).toBeNull()
  expect(targetOf({ ...machine('arm64', ''), platform: 'darwin' })).toBeNull()
})

test('the API is asked where it listens, and a wildcard address means this machine', () => {
  const at = (host: string) => localUrl({ host, port: 8080 })
  expect(['0.0.0.0', '::', '192.0.2.1', 'nas.lan'].map(at)).toEqual([
    'http://127.0.0.1:8080',
    'http://[::1]:8080',
    'http://192.0.2.1:8080',
    'http://nas.lan:8080',
  ])
})
