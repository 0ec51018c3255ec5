/** Browsers: signing in with a key or a link, and what the cookie is good for. */
import { afterEach, expect, test } from 'bun:test'
import { Access } from '../../../src/access/access.ts'
import { Sessions } from '../../../src/access/sessions/sessions.ts'
import { accessService } from '../../../src/http/api/access/service.ts'
import { SlowedFailures } from '../../../src/http/api/access/slowed-failures.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { startServer } from '../support/server.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** A hal0 where also programs on this machine need a key. */
const setUp = async () => {
  const access = await Access.open(tempDir(), 'keys')
  const server = await startServer({
    access: accessService(
      access,
      { host: '127.0.0.1', auth: 'keys', behindProxy: [], corsOrigins: [] },
      { local: 'infer' },
    ),
  })
  cleanups.push(async () => {
    await server.stop()
    await access.close()
  })
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const signIn = async (body: object): Promise<string> => {
    const answer = await ask('POST', '/api/session', {}, body)
    expect(answer.status).toBe(201)
    return answer.headers.get('set-cookie') ?? ''
  }
  return { access, server, ask, signIn }
}

const own = { 'sec-fetch-site': 'same-origin' }

test('a key signs in; the cookie is for this site alone, and ends with its key', async () => {
  const { access, ask, signIn } = await setUp()
  const { key } = await access.keys.create({ name: 'nas', scope: 'admin' })
  const set = await signIn({ key })
  expect(set).toMatch(/^hal0_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/)
  expect(set).not.toContain(key.slice(10))
  const cookie = set.split(';')[0] ?? ''
  expect((await ask('GET', '/api/keys')).status).toBe(401)
  expect((await ask('GET', '/api/keys', { cookie })).status).toBe(200)
  await access.keys.revoke('nas')
  expect((await ask('GET', '/api/keys', { cookie })).status).toBe(401)
})

test('a request that changes something with a cookie must come from hal0’s own page', async () => {
  const { access, ask, signIn } = await setUp()
  const { key } = await access.keys.create({ name: 'nas', scope: 'admin' })
  const cookie = (await signIn({ key })).split(';')[0] ?? ''
  const load = async (headers: Record<string, string>) =>
    (await ask('POST', '/api/slots/primary/load', { cookie, ...headers })).status
  expect(await load({})).toBe(403)
  expect(await load({ 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await load({ origin: 'http://evil.example' })).toBe(403)
  // There is no such slot, which only those are told who are let in.
  expect(await load(own)).toBe(404)
})

test('a link signs in once, and nobody without a key makes one', async () => {
  const { access, ask, signIn } = await setUp()
  const { key } = await access.keys.create({ name: 'nas', scope: 'admin' })
  expect((await ask('POST', '/api/session/links')).status).toBe(401)
  const made = await ask('POST', '/api/session/links', { authorization: `Bearer ${key}` })
  const { path } = (await made.json()) as { path: string }
  const link = path.split('#')[1] ?? ''
  const cookie = (await signIn({ link })).split(';')[0] ?? ''
  expect((await ask('GET', '/api/keys', { cookie })).status).toBe(200)
  expect((await ask('POST', '/api/session', {}, { link })).status).toBe(401)
})

test('signing out ends the session and takes the cookie away', async () => {
  const { access, ask, signIn } = await setUp()
  const { key } = await access.keys.create({ name: 'nas', scope: 'admin' })
  const cookie = (await signIn({ key })).split(';')[0] ?? ''
  const out = await ask('DELETE', '/api/session', { cookie, ...own })
  expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')])
  expect((await ask('GET', '/api/keys', { cookie })).status).toBe(401)
})

test('the sign-in page is for everybody, runs only its own script, and cannot be framed', async () => {
  const { ask } = await setUp()
  const answer = await ask('GET', '/sign-in')
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(answer.status).toBe(200)
  expect(policy).toMatch(/script-src 'sha256-[^']+';/)
  expect(policy).toContain("frame-ancestors 'none'")
  const [, script = ''] = /<script>([\s\S]*)<\/script>/.exec(await answer.text()) ?? []
  expect(policy).toContain(new Bun.CryptoHasher('sha256').update(script).digest('base64'))
})

test('a session ends after its time, and a link after 15 minutes', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const sessions = new Sessions({ keys: { find: () => null, named: () => null }, now: () => now })
  const linkOf = () => sessions.makeLink(null).path.split('#')[1] ?? ''
  const late = linkOf()
  const { token } = sessions.begin({ link: linkOf() })
  now += 15 * 60_000
  expect(() => sessions.begin({ link: late })).toThrow('not valid')
  expect(sessions.find(token)?.scope).toBe('admin')
  now += 30 * 86_400_000
  expect(sessions.find(token)).toBeNull()
})

test('wrong keys are answered ever later, each address for itself, and one minute of peace begins anew', async () => {
  const slept: number[] = []
  let now = 0
  const failures = new SlowedFailures(
    async (ms) => {
      slept.push(ms)
    },
    () => now,
  )
  for (let count = 0; count < 7; count++) await failures.pause('10.0.0.1')
  await failures.pause('10.0.0.2')
  now += 60_001
  await failures.pause('10.0.0.1')
  expect(slept).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 250, 250])
})
