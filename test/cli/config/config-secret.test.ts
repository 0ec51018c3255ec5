/** Where the hub's token is during and after `hal0 config token`, with a daemon from source: in hf-token, and nowhere else. */
import { expect, onTestFinished, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../support/free-ports.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { main } from '../support/run-cli.ts'

/** Live processes that show `text` to others of their user. */
const processesShowing = (text: string): string[] => {
  const shows = (path: string): boolean => {
    try {
      return readFileSync(path, 'latin1').includes(text)
    } catch {
      // It has ended, or belongs to another user.
      return false
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]).filter(shows)
}

/** Regular files below `folder` that hold `text`. */
const filesHolding = (folder: string, text: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readFileSync(path, 'latin1').includes(text))

test('the token is in no process list, log, event, answer or error, and in no file except its own', async () => {
  // Generated, so that neither the source nor the environment of this test contains it.
  const token = `hf_${randomBytes(16).toString('hex')}`
  const root = tempDir()
  const port = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const env = { PATH: process.env.PATH ?? '', HOME: root, HAL0_ROOT: root, HAL0_URL: url }
  const daemon = Bun.spawn([process.execPath, main, 'serve', '--port', String(port), '--supervisor', 'process'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => daemon.kill('SIGKILL'))
  const stderr = new Response(daemon.stderr).text()
  const stdout = daemon.stdout.getReader()
  let said = ''
  const decoder = new TextDecoder()
  while (!said.includes('listens on')) {
    const { value, done } = await stdout.read()
    if (done) throw new Error(`the daemon did not come up: ${await stderr}`)
    said += decoder.decode(value)
  }

  const events = await Promise.all(
    ['/api/slots/events', '/api/logs/decisions/events'].map((path) => fetch(`${url}${path}`)),
  )
  const told = events.map((response) => response.text())

  const command = Bun.spawn([process.execPath, main, 'config', 'token', '--json'], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  command.stdin.write(`${token}\n`)
  await command.stdin.flush()
  // It waits for the end of stdin: it is running now, and has the token.
  expect(processesShowing(token)).toEqual([])
  command.stdin.end()
  const printed = (await new Response(command.stdout).text()) + (await new Response(command.stderr).text())
  expect([await command.exited, JSON.parse(printed)]).toMatchObject([0, { values: { hub: { token: 'file' } } }])

  const ask = async (path: string, init: RequestInit = {}): Promise<string> =>
    (await fetch(`${url}${path}`, { headers: { 'content-type': 'application/json' }, ...init })).text()
  const answers = [
    printed,
    await ask('/api/settings'),
    await ask('/api/status'),
    await ask('/api/pulls'),
    await ask('/api/settings', { method: 'PATCH', body: '{"max_body_mb":32}' }),
    // A refusal must not repeat what was in the request.
    await ask('/api/settings', { method: 'PATCH', body: JSON.stringify({ hub: { token: `${token} x` } }) }),
    await ask('/api/settings', { method: 'PATCH', body: JSON.stringify({ token }) }),
    await ask('/api/settings', { method: 'PATCH', body: `{"hub":{"token":"${token}"` }),
    await ask('/api/settings', { method: 'PATCH', body: JSON.stringify({ hub: { token }, slots: { ports: '9-1' } }) }),
  ]
  for (const answer of answers) expect(answer).not.toContain(token)
  expect(processesShowing(token)).toEqual([])
  const file = join(root, 'etc/hal0/hf-token')
  expect([filesHolding(root, token), statSync(file).mode & 0o777]).toEqual([[file], 0o600])

  daemon.kill('SIGTERM')
  expect(await daemon.exited).toBe(0)
  for (const text of [...(await Promise.all(told)), await stderr]) expect(text).not.toContain(token)
}, 60_000)
