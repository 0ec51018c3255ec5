/** How commands find the daemon that has another address than the default. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Status } from '../../src/contract/system.ts'
import { Daemon, runHal0 } from '../support/daemon.ts'
import { tempDir } from '../support/temp-dir.ts'

setDefaultTimeout(60_000)

/** Runs `hal0 status` with nothing but the folder to find the daemon by. */
const statusOf = async (root: string) => {
  const { code, stdout, stderr } = await runHal0(['status', '--json'], { env: { HAL0_ROOT: root, HAL0_URL: '' } })
  return { status: code === 0 ? (JSON.parse(stdout) as Status) : null, stderr }
}

test('commands find a daemon on another port by what it has written into its folder', async () => {
  const daemon = await Daemon.start()
  expect((await statusOf(daemon.root)).status).toMatchObject({ pid: daemon.pid, url: daemon.url })
})

test('an address that a killed daemon has left is not asked', async () => {
  const daemon = await Daemon.start()
  await daemon.kill()
  expect(existsSync(join(daemon.root, 'var/lib/hal0/daemon.json'))).toBe(true)
  // Something else may listen on the default port: it must only not be this one.
  const { status, stderr } = await statusOf(daemon.root)
  expect(`${status?.url} ${stderr}`).not.toContain(daemon.url)
})

test('the address is removed when the daemon is stopped, and written again by the next one', async () => {
  const daemon = await Daemon.start()
  await daemon.kill('SIGTERM')
  expect(existsSync(join(daemon.root, 'var/lib/hal0/daemon.json'))).toBe(false)
  await daemon.launch()
  expect((await statusOf(daemon.root)).status?.pid).toBe(daemon.pid)
})

test('with HAL0_ROOT, a command reaches no daemon but the one of that folder', async () => {
  const root = tempDir()
  const { code, stderr } = await runHal0(['status'], { env: { HAL0_ROOT: root, HAL0_URL: '' } })
  expect([code, stderr]).toEqual([3, expect.stringContaining(`none runs with its data in ${root}`)])
})
