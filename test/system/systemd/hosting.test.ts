/** How hal0 runs here, and the commands that fit. */
import { describe, expect, test } from 'bun:test'
import { findPaths } from '../../../src/system/paths.ts'
import { type Caller, hostingCommands, hostingHere, hostingOf, typedHere } from '../../../src/system/systemd/hosting.ts'

const systemUnit = '/etc/systemd/system/hal0.service'
const ownUnit = '/home/ann/.config/systemd/user/hal0.service'
const checkout = ['/src/hal0/package.json', '/src/hal0/build.ts', '/src/hal0/src/main.ts']

const caller = (files: string[], { root = false, hal0Root = '', program = '/usr/bin/hal0' } = {}): Caller => ({
  env: { HOME: root ? '/root' : '/home/ann', ...(hal0Root === '' ? {} : { HAL0_ROOT: hal0Root }) },
  isRoot: root,
  program,
  cwd: '/src/hal0',
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
    expect(hostingCommands('checkout', true).setup).toBe('hal0 setup')
    expect(hostingCommands('by-hand', true).setup).toBe('hal0 setup')
    expect(hostingCommands('by-hand', false).usePort(8100)).toBe('hal0 serve --port 8100')
    expect(hostingCommands('by-hand', false).restart).toContain('Ctrl-C')
  })
})

describe('what people type for hal0', () => {
  const built = '/src/hal0/dist/hal0'
  const wrapper = '/src/hal0/bin/hal0'
  const inCheckout = { ...caller(checkout, { program: built, hal0Root: '/src/hal0/.hal0' }), found: () => null }
  const without = { ...inCheckout, env: { HOME: '/home/ann' } }
  const cases: [string, string, Caller][] = [
    ['is hal0 on an installed host', 'hal0', caller([systemUnit])],
    ['in a checkout is bin/hal0', 'bin/hal0', inCheckout],
    ['from a folder elsewhere is the whole path', wrapper, { ...inCheckout, cwd: '/home/ann' }],
    ['in its own folder has a slash', './hal0', { ...inCheckout, cwd: '/src/hal0/bin' }],
    ['is hal0 where the shell finds the one of the checkout', 'hal0', { ...inCheckout, found: () => wrapper }],
    ['is not the hal0 of another installation', 'bin/hal0', { ...inCheckout, found: () => '/usr/lib/hal0/1.0.0/hal0' }],
    ['is not a link to the executable, which has other folders', 'bin/hal0', { ...inCheckout, found: () => built }],
    ['is the executable, where that runs with a user’s folders', 'dist/hal0', without],
    ['is then not the wrapper on the PATH', 'dist/hal0', { ...without, found: () => wrapper }],
    [
      'is either of them, where a variable names the daemon',
      'hal0',
      { ...without, env: { HAL0_URL: 'http://nas' }, found: () => built },
    ],
    ['by hand is the path of the program', '/opt/hal0', { ...caller([], { program: '/opt/hal0' }), found: () => null }],
    ['by hand is hal0, where the shell finds it', 'hal0', { ...caller([]), found: () => '/usr/bin/hal0' }],
  ]
  for (const [what, expected, who] of cases) test(what, () => expect(typedHere(who).hal0).toBe(expected))

  test('in a checkout is the executable in front of setup, which refuses HAL0_ROOT', () => {
    expect(typedHere({ ...inCheckout, found: () => wrapper }).installer).toBe('dist/hal0')
  })
})
