import { describe, expect, test } from 'bun:test'
import { findPaths } from '../../../src/system/paths.ts'
import { findSystemd } from '../../../src/system/systemd/find-systemd.ts'

const at =
  (...files: string[]) =>
  (path: string) =>
    files.includes(path)

const template = '/etc/systemd/system/hal0-slot@.service'
const booted = '/run/systemd/system'
const home = { HOME: '/home/a', XDG_RUNTIME_DIR: '/run/user/7' }
const userTemplate = '/home/a/.config/systemd/user/hal0-slot@.service'
const userManager = '/run/user/7/systemd/private'

describe('systemd is the supervisor', () => {
  test('of the system folders if the host was booted by it and the template is installed', () => {
    expect(findSystemd(findPaths({}, true), {}, at(template, booted))).toEqual({ scope: 'system' })
    // This is how the service's own user gets the system folders.
    expect(findSystemd(findPaths({ HAL0_ROOT: '/' }, false), {}, at(template, booted))).toEqual({ scope: 'system' })
  })

  test("of a user's folders if the user's manager runs and the user's template is installed", () => {
    expect(findSystemd(findPaths(home, false), home, at(userTemplate, userManager))).toEqual({ scope: 'user' })
  })
})

describe('systemd is not the supervisor', () => {
  const system = findPaths({}, true)
  const cases: [string, Parameters<typeof findSystemd>, RegExp][] = [
    ['without the template', [system, {}, at(booted)], /sudo hal0 setup/],
    ['in a container without systemd', [system, {}, at(template)], /not booted by systemd/],
    ['of other folders', [findPaths({ HAL0_ROOT: '/x' }, true), {}, at(template, booted)], /usual folders/],
    ['of a user without a manager', [findPaths(home, false), home, at(userTemplate)], /does not run/],
    [
      "of a user where only the system's template is",
      [findPaths(home, false), home, at(template, booted, userManager)],
      /--user/,
    ],
  ]
  for (const [what, args, sentence] of cases) {
    test(what, () => {
      const found = findSystemd(...args)
      if (found.scope !== null) throw new Error('it was found')
      expect(found.reason.code).toBe('supervisor.failed')
      expect(found.reason.message).toMatch(sentence)
    })
  }
})
