/** Who a request comes from: one table of cases, by what the request shows and the way hal0 is set up. */
import { describe, expect, test } from 'bun:test'
import type { Caller } from '../../../src/contract/caller.ts'
import { type CallerRules, cameByTls, findCallerBy, forbidden, type Grant } from '../../../src/http/gate/callers.ts'
import { WireHeaders } from '../../../src/lib/http/wire-headers.ts'

const keys: Record<string, Grant> = {
  hal0_phone: { name: 'phone', scope: 'infer', slots: ['primary'], priority: 'batch' },
  hal0_admin: { name: 'admin', scope: 'admin', slots: null, priority: null },
}
const sessions: Record<string, Grant> = { cookie1: { name: 'admin', scope: 'admin', slots: null, priority: null } }

const rules = (changed: Partial<CallerRules> = {}): CallerRules => ({
  auth: 'auto',
  local: 'infer',
  proxies: [],
  keyOf: (secret) => keys[secret] ?? null,
  sessionOf: (token) => sessions[token] ?? null,
  isMeantAsKey: (text) => text.startsWith('hal0_'),
  ...changed,
})

interface Sent {
  peer?: string
  overSocket?: boolean
  headers?: Record<string, string>
}

const find = (sent: Sent, changed: Partial<CallerRules> = {}): Caller => {
  const headers = { host: 'localhost:8080', ...sent.headers }
  return findCallerBy(rules(changed))({
    peer: sent.peer ?? '127.0.0.1',
    overSocket: sent.overSocket ?? false,
    headers: new WireHeaders(Object.keys(headers), Object.values(headers)),
  })
}

/** A caller in short: who it is, and what it may do. */
const short = ({ kind, name, scope }: Caller): string => `${kind}${name === null ? '' : ` ${name}`}: ${scope}`

const lan = '192.168.1.7'
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

describe('a caller is found', () => {
  const cases: [what: string, sent: Sent, caller: string, changed?: Partial<CallerRules>][] = [
    ['on this machine', {}, 'local: infer'],
    ['on this machine, in a user’s own hal0', {}, 'local: admin', { local: 'admin' }],
    ['on this machine, by IPv6', { peer: '::1', headers: { host: '[::1]:8080' } }, 'local: infer'],
    ['on this machine, by a mapped address', { peer: '::ffff:127.0.0.1' }, 'local: infer'],
    ['on this machine, where all need keys', {}, 'anyone: none', { auth: 'keys' }],
    ['on this machine, asking for its name in the network', { headers: { host: 'nas.local:8080' } }, 'anyone: none'],
    ['on this machine without a host', { headers: { host: '' } }, 'anyone: none'],
    ['in the network', { peer: lan }, 'anyone: none'],
    ['in the network, naming localhost', { peer: lan, headers: { host: 'localhost' } }, 'anyone: none'],
    ['in a container on the bridge', { peer: '172.17.0.2' }, 'anyone: none'],
    ['at an address that only begins like loopback', { peer: '127.0.0.1.evil' }, 'anyone: none'],
    ['in the network of an open hal0', { peer: lan }, 'anyone: admin', { auth: 'open' }],
    ['on the machine of an open hal0', {}, 'local: admin', { auth: 'open' }],
    ['by a bearer key', { peer: lan, headers: bearer('hal0_phone') }, 'key phone: infer'],
    [
      'by a bearer key in lower case',
      { peer: lan, headers: { authorization: 'bearer hal0_admin' } },
      'key admin: admin',
    ],
    ['by x-api-key', { peer: lan, headers: { 'x-api-key': 'hal0_admin' } }, 'key admin: admin'],
    ['by a key on this machine', { headers: bearer('hal0_phone') }, 'key phone: infer'],
    ['by a key over the socket', { overSocket: true, headers: bearer('hal0_phone') }, 'key phone: infer'],
    ['by a wrong key, wherever it is', { headers: bearer('hal0_wrong') }, 'anyone: none'],
    ['by a wrong key over the socket', { overSocket: true, headers: bearer('hal0_wrong') }, 'anyone: none'],
    ['by a wrong key in an open hal0', { headers: bearer('hal0_wrong') }, 'anyone: none', { auth: 'open' }],
    ['with a placeholder on this machine', { headers: bearer('sk-unused') }, 'local: infer'],
    ['with a placeholder in the network', { peer: lan, headers: bearer('sk-unused') }, 'anyone: none'],
    ['with a password', { peer: lan, headers: { authorization: 'Basic aGFsMDpoYWww' } }, 'anyone: none'],
    ['by a cookie', { peer: lan, headers: { cookie: 'a=b; hal0_session=cookie1' } }, 'session admin: admin'],
    [
      'by a cookie among joined ones',
      { peer: lan, headers: { cookie: 'a=b, hal0_session=cookie1' } },
      'session admin: admin',
    ],
    ['by an unknown cookie', { peer: lan, headers: { cookie: 'hal0_session=cookie2' } }, 'anyone: none'],
    ['by a cookie of another name', { peer: lan, headers: { cookie: 'xhal0_session=cookie1' } }, 'anyone: none'],
    ['by an old cookie on this machine', { headers: { cookie: 'hal0_session=cookie2' } }, 'local: infer'],
    ['over the socket', { overSocket: true, peer: 'uid 0' }, 'socket: admin'],
    ['over the socket, where all need keys', { overSocket: true, peer: 'uid 0' }, 'socket: admin', { auth: 'keys' }],
  ]
  for (const [what, sent, caller, changed] of cases) {
    test(`${what}: ${caller}`, () => {
      expect(short(find(sent, changed))).toBe(caller)
    })
  }

  for (const header of [
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-anything',
    'x-real-ip',
    'via',
  ]) {
    test(`behind a proxy that says so with ${header}, and then neither is local nor at the socket`, () => {
      const headers = { [header]: '1' }
      expect(short(find({ headers }, { local: 'admin' }))).toBe('anyone: none')
      expect(short(find({ overSocket: true, headers }))).toBe('anyone: none')
      expect(short(find({ headers: { ...headers, ...bearer('hal0_admin') } }))).toBe('key admin: admin')
    })
  }
})

describe('the address of a caller', () => {
  const proxied = (forwarded: string, peer = '127.0.0.1') =>
    find(
      { peer, headers: { 'x-forwarded-for': forwarded, ...bearer('hal0_phone') } },
      { proxies: ['127.0.0.1', '10.0.0.9'] },
    )

  test('is that of the peer', () => {
    expect(find({ peer: '::ffff:192.168.1.7' }).address).toBe('192.168.1.7')
    expect(find({ peer: 'fe80::1' }).address).toBe('fe80::1')
    expect(find({ peer: 'uid 1000', overSocket: true }).address).toBe('uid 1000')
  })

  test('is what a proxy says, if its word counts', () => {
    expect(proxied('192.168.1.7').address).toBe('192.168.1.7')
    expect(proxied('6.6.6.6, 192.168.1.7').address).toBe('192.168.1.7')
    expect(proxied('192.168.1.7, 10.0.0.9').address).toBe('192.168.1.7')
    expect(proxied('192.168.1.7', '::ffff:127.0.0.1').address).toBe('192.168.1.7')
  })

  test('is that of the peer where the proxy is not named, or says nonsense', () => {
    expect(proxied('192.168.1.7', '10.0.0.8').address).toBe('10.0.0.8')
    expect(proxied('<script>').address).toBe('127.0.0.1')
    expect(proxied('').address).toBe('127.0.0.1')
  })
})

test('who comes from a proxy that counts is never local, whatever the proxy says', () => {
  expect(short(find({}, { proxies: ['127.0.0.1'], local: 'admin' }))).toBe('anyone: none')
})

test('only a proxy that counts says that the client spoke TLS', () => {
  const evidence = (peer: string) => ({
    peer,
    overSocket: false,
    headers: new WireHeaders(['x-forwarded-proto'], ['https']),
  })
  expect(cameByTls(evidence('127.0.0.1'), { proxies: ['127.0.0.1'] })).toBe(true)
  expect(cameByTls(evidence('127.0.0.1'), { proxies: [] })).toBe(false)
})

describe('who may not', () => {
  test('and shows nothing is told which key to make', () => {
    expect(forbidden(find({ peer: lan }), 'infer')).toMatchObject({
      code: 'auth.required',
      status: 401,
      message:
        'hal0 asks for a key here. Make one on the machine of hal0: hal0 key create NAME --scope infer. Send it as "Authorization: Bearer KEY" or x-api-key.',
    })
  })

  test('is told why what it shows does not count', () => {
    const flawOf = (sent: Sent) => forbidden(find(sent), 'infer')?.message.split('. ')[0]
    expect(flawOf({ headers: bearer('hal0_wrong') })).toContain('This key is not valid')
    expect(flawOf({ peer: lan, headers: bearer('sk-x') })).toContain('not a key of hal0')
    expect(flawOf({ headers: { via: '1.1 nginx' } })).toContain('A proxy has passed this request on')
  })

  test('although on this machine is sent to the command line', () => {
    expect(forbidden(find({}), 'admin')).toMatchObject({
      code: 'auth.forbidden',
      status: 403,
      details: { scope: 'admin', granted: 'infer' },
    })
    expect(forbidden(find({}), 'admin')?.message).toContain('sudo hal0 key create NAME --scope admin')
  })

  test('is let through to what is for everybody', () => {
    expect(forbidden(find({ peer: lan }), 'none')).toBeNull()
  })
})
