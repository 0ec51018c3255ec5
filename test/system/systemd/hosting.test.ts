/** How hal0 runs here, and the commands that fit. */
import { describe, expect, test } from 'bun:test'
import { findPaths } from '../../../src/system/paths.ts'
import { type Caller, hostingCommands, hostingHere, hostingOf } from '../../../src/system/systemd/hosting.ts'

const systemUnit = '/etc/systemd/system/hal0.service'
const ownUnit = '/home/ann/.config/systemd/user/hal0.service'
const checkout = ['/src/hal0/package.json', '/src/hal0/build.ts', '/src/hal0/src/main.ts']

const caller = (files: string[], { root = false, hal0Root = '', program = '/usr/bin/hal0' } = {}): Caller => ({
  env: { HOME: root ? '/root' : '/home/ann', ...(hal0Root === '' ? {} : { HAL0_ROOT: hal0Root }) },
  isRoot: root,
  program,
  exists: (path) => files.includes(path),
})

describe('hal0 runs', () => {
  const cases: [string, string, Caller][] = [
    ['as a service of the machine, for root', 'service', caller([systemUnit], { root: true })],
    ['as a service of the machine, for a user without one', 'service', caller([systemUnit])],
    ['as the user’s own service, which comes before the machine’s', 'user-service', caller([systemUnit, ownUnit])],
    ['by hand, where no unit is installed', 'by-hand', caller([])],
    ['by hand, for root too', 'by-hand', caller([], { root: true })],
    ['by hand with HAL0_ROOT, whatever is installed', 'by-hand', caller([systemUnit, ownUnit], { hal0Root: '/srv/x' })],
    ['as a service with HAL0_ROOT=/, as the unit sets it', 'service', caller([systemUnit], { hal0Root: '/' })],
    [
      'in a checkout, as the executable that was built',
      'checkout',
      caller(checkout, { program: '/src/hal0/dist/hal0' }),
    ],
    ['in a checkout, from source', 'checkout', caller(checkout, { program: '/src/hal0/src/main.ts' })],
    [
      'as a service, also when asked by an executable in a checkout',
      'service',
      caller([systemUnit, ...checkout], { program: '/src/hal0/dist/hal0' }),
    ],
  ]
  for (const [what, expected, who] of cases) test(what, () => expect(hostingHere(who)).toBe(expected as never))

  test('with a user’s folders by hand, while the machine’s service has others', () => {
    const who = caller([systemUnit])
    expect(hostingOf(findPaths(who.env, false), who)).toBe('by-hand')
    expect(hostingOf(findPaths({}, true), who)).toBe('service')
  })
})

describe('the commands', () => {
  test('of the machine’s service take sudo, but not from root', () => {
    expect(hostingCommands('service', false).start).toBe('sudo systemctl start hal0')
    expect(hostingCommands('service', true).start).toBe('systemctl start hal0')
    expect(hostingCommands('service', false).usePort(8100)).toBe('sudo hal0 setup --port 8100')
  })

  test('of a user’s service ask that user’s systemd', () => {
    const commands = hostingCommands('user-service', false)
    expect([commands.start, commands.restart]).toEqual(['systemctl --user start hal0', 'systemctl --user restart hal0'])
    expect(commands.usePort(8100)).toBe('hal0 setup --user --port 8100')
  })

  test('of a checkout and of a daemon started by hand are what started it', () => {
    expect(hostingCommands('checkout', false).start).toBe('npm start')
    expect(hostingCommands('checkout', true).setup).toBe('./dist/hal0 setup')
    expect(hostingCommands('by-hand', true).setup).toBe('hal0 setup')
    expect(hostingCommands('by-hand', false).usePort(8100)).toBe('hal0 serve --port 8100')
    expect(hostingCommands('by-hand', false).restart).toContain('Ctrl-C')
  })
})
