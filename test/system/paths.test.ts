import { describe, expect, test } from 'bun:test'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import {
  configFile,
  databaseFile,
  enginesDir,
  findPaths,
  modelsDir,
  slotConfigDir,
  slotConfigFile,
  slotDir,
} from '../../src/system/paths.ts'

describe('The folders of hal0', () => {
  test('are those of the system for root, whatever its home', () => {
    expect(findPaths({ HOME: '/root' }, true)).toEqual({
      config: '/etc/hal0',
      data: '/var/lib/hal0',
      lib: '/usr/lib/hal0',
    })
  })

  test('are in the home of a user', () => {
    expect(findPaths({ HOME: '/home/ann' }, false)).toEqual({
      config: '/home/ann/.config/hal0',
      data: '/home/ann/.local/share/hal0',
      lib: '/home/ann/.local/lib/hal0',
    })
  })

  test('are in the home that the system knows if HOME is missing or empty', () => {
    const known = findPaths({ HOME: homedir() }, false)
    expect(findPaths({}, false)).toEqual(known)
    expect(findPaths({ HOME: '' }, false)).toEqual(known)
  })

  test('are all below HAL0_ROOT, for root and users alike', () => {
    const below = { config: '/srv/x/etc/hal0', data: '/srv/x/var/lib/hal0', lib: '/srv/x/usr/lib/hal0' }
    expect(findPaths({ HAL0_ROOT: '/srv/x', HOME: '/home/ann' }, false)).toEqual(below)
    expect(findPaths({ HAL0_ROOT: '/srv/x/', HOME: '/root' }, true)).toEqual(below)
  })

  test('are absolute for a relative HAL0_ROOT, and unaffected by an empty one', () => {
    expect(findPaths({ HAL0_ROOT: 'x' }, true).data).toBe(resolve('x/var/lib/hal0'))
    expect(findPaths({ HAL0_ROOT: '' }, true).data).toBe('/var/lib/hal0')
  })
})

test('Each file has its place below them', () => {
  const paths = { config: '/c', data: '/d', lib: '/l' }
  expect({
    configFile: configFile(paths),
    slotConfigDir: slotConfigDir(paths),
    slotConfigFile: slotConfigFile(paths, 'primary'),
    slotDir: slotDir(paths, 'primary'),
    modelsDir: modelsDir(paths),
    enginesDir: enginesDir(paths),
    databaseFile: databaseFile(paths),
  }).toEqual({
    configFile: '/c/hal0.toml',
    slotConfigDir: '/c/slots',
    slotConfigFile: '/c/slots/primary.toml',
    slotDir: '/d/slots/primary',
    modelsDir: '/d/models',
    enginesDir: '/d/engines',
    databaseFile: '/d/hal0.db',
  })
})
