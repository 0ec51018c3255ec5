import { describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import {
  currentLink,
  currentVersion,
  flipCurrent,
  installedVersions,
  isOwnEntry,
  isVersion,
} from '../../../src/system/files/release-folder.ts'
import { findPaths } from '../../../src/system/paths.ts'
import { tempDir } from '../../support/temp-dir.ts'

const folder = () => {
  const paths = findPaths({ HAL0_ROOT: tempDir() }, false)
  mkdirSync(paths.lib, { recursive: true })
  return paths
}

describe('a version', () => {
  test('is three numbers, perhaps with a pre-release', () => {
    for (const text of ['0.1.0', '10.20.30', '1.0.0-rc.1', '1.0.0-a-b.0'])
      expect([text, isVersion(text)]).toEqual([text, true])
    for (const text of ['', '1', '1.0', 'v1.0.0', '01.0.0', '1.0.0-', '1.0.0+x', '../1.0.0', '1.0.0/..', 'current'])
      expect([text, isVersion(text)]).toEqual([text, false])
  })

  test('has numbers that can be ordered', () => {
    expect(isVersion('999999999999999.0.0')).toBe(true)
    expect(isVersion('99999999999999999999.0.0')).toBe(false)
  })
})

describe('the folder of versions', () => {
  test('has none before the first', async () => {
    const paths = findPaths({ HAL0_ROOT: join(tempDir(), 'none') }, false)
    expect(await installedVersions(paths)).toEqual([])
    expect(await currentVersion(paths)).toBeNull()
  })

  test('lists versions in the order of semver.org', async () => {
    const ordered = [
      '0.9.9',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.2.0',
      '1.10.0',
    ]
    const paths = folder()
    for (const name of ordered.toReversed()) mkdirSync(join(paths.lib, name))
    expect(await installedVersions(paths)).toEqual(ordered)
  })

  test('lists the versions, oldest first', async () => {
    const paths = folder()
    for (const name of ['0.10.0', '0.9.0', '.0.11.0.partial', 'other']) mkdirSync(join(paths.lib, name))
    expect(await installedVersions(paths)).toEqual(['0.9.0', '0.10.0'])
  })

  test('distinguishes its own entries from what somebody put there', () => {
    const own = [
      '0.1.0',
      'current',
      '.current.12',
      'update.json',
      'update.lock',
      '.update.json.1a2b.tmp',
      '.0.3.0.partial',
    ]
    expect(own.filter((name) => !isOwnEntry(name))).toEqual([])
    expect(['notes.txt', 'currently', '.hidden', 'v1'].filter(isOwnEntry)).toEqual([])
  })

  test('flips current to another version without leftovers', async () => {
    const paths = folder()
    await flipCurrent(paths, '0.1.0')
    await flipCurrent(paths, '0.2.0')
    expect(await currentVersion(paths)).toBe('0.2.0')
    expect(readlinkSync(currentLink(paths))).toBe('0.2.0')
    expect(readdirSync(paths.lib)).toEqual(['current'])
  })

  test('has no current version if the link leads elsewhere', async () => {
    const paths = folder()
    symlinkSync('/opt/hal0', currentLink(paths))
    expect(await currentVersion(paths)).toBeNull()
  })
})
