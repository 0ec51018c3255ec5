/** Stops that systemd refuses, or does not answer. Runs inside a test host (appliance.test.ts starts it there), as root, after `hal0 setup --yes`. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import type { Status } from '../../src/contract/system.ts'
import { testWith } from '../support/part.ts'
import { call, must, realSystemctl, slot, until, url, withSystemctl } from './on-host.ts'

setDefaultTimeout(120_000)

const name = 'stubborn'
const path = `/api/slots/${name}`
const rules = '/etc/polkit-1/rules.d/50-hal0.rules'
const polkitTest = testWith('polkit', existsSync('/usr/lib/polkit-1/polkitd') || existsSync('/usr/libexec/polkitd'))

beforeAll(async () => {
  await until('the API answers', 10_000, async () => (await fetch(`${url}/api/health`)).ok)
  const engine = process.env.HAL0_TEST_ENGINE ?? ''
  await call('POST', '/api/slots', { name, model: 'tiny', engine, restart: 'never' })
})

/** systemctl stop is answered by this; everything else by the real one. */
const stopAnswers = (script: string): string =>
  `case " $* " in *" stop "*) ${script};; esac; exec ${realSystemctl} "$@"`

/** Takes the rule away, and waits until polkit has noticed. */
const withoutRule = async (work: () => Promise<void>): Promise<void> => {
  const mayStop = () => {
    const asHal0 = ['setpriv', '--reuid=hal0', '--regid=hal0', '--init-groups']
    const { exitCode } = Bun.spawnSync([...asHal0, 'systemctl', '--no-ask-password', 'stop', 'hal0-slot@nobody'])
    return exitCode === 0
  }
  must('mv', rules, '/root/50-hal0.rules')
  try {
    await until('polkit has noticed', 10_000, () => !mayStop())
    await work()
  } finally {
    must('mv', '/root/50-hal0.rules', rules)
    await until('polkit has noticed', 10_000, mayStop)
  }
}

const ways: [string, typeof test, (work: () => Promise<void>) => Promise<void>, RegExp][] = [
  ['a polkit without its rule refuses', polkitTest, withoutRule, /not allowed to stop.*sudo hal0 setup/],
  [
    'systemd refuses',
    test,
    (work) => withSystemctl(stopAnswers('echo "Failed to stop: Transaction is destructive." >&2; exit 1'), work),
    /Transaction is destructive/,
  ],
  ['systemd does not answer', test, (work) => withSystemctl(stopAnswers('exec sleep 60'), work), /did not answer/],
]

describe('a stop that', () => {
  for (const [what, testIt, withFault, why] of ways) {
    testIt(`${what} is reported with its reason; the slot takes commands, and stops once that is over`, async () => {
      await call('POST', `${path}/load?wait=60`)
      const { pid } = await slot(name)
      await withFault(async () => {
        const refused = await call('POST', `${path}/unload?wait=30`).then(String, (error: Error) => error.message)
        expect(refused).toMatch(why)
        expect(refused).toContain('slot.stop_failed')
        const { state, error } = await slot(name)
        expect([state, error?.code]).toEqual(['error', 'slot.stop_failed'])
        expect(error?.message).toMatch(why)
        // It still runs, and nothing says otherwise.
        expect(existsSync(`/proc/${pid}`)).toBe(true)
        expect((await call<Status>('GET', '/api/status')).problems.join()).toMatch(why)
        const deletion = await call('DELETE', path).then(String, (error: Error) => error.message)
        expect(deletion).toContain('slot.invalid_transition')
        // What is requested in the meantime is accepted, and follows.
        await call('POST', `${path}/load`)
        expect((await slot(name)).intent).toBe('load')
      })
      await until('loaded anew', 90_000, async () => (await slot(name)).state === 'ready')
      expect((await slot(name)).pid).not.toBe(pid)
      expect(existsSync(`/proc/${pid}`)).toBe(false)
      expect((await call<Status>('GET', '/api/status')).problems).toEqual([])
      await call('POST', `${path}/unload?wait=30`)
      expect((await slot(name)).state).toBe('offline')
    })
  }
})
