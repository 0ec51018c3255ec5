import { describe, expect, test } from 'bun:test'
import { makeGate } from '../../../src/http/gate/gate.ts'
import { hostName } from '../../../src/http/gate/names.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { WireHeaders } from '../../../src/lib/http/wire-headers.ts'
import { localCaller } from '../support/local-caller.ts'

const gate = makeGate({
  allowedHosts: ['nas', 'NAS.lan:8080', 'fd00::1', '192.168.1.5'],
  ownNames: () => ['Attic', 'attic.local', '192.168.1.9', 'fd00::9'],
  findCaller: localCaller,
})
/** Why the request is not let in; null: it is. */
const judge = (method: string, headers: Record<string, string>, target = '/api/slots'): Hal0Error | null => {
  const wire = new WireHeaders(Object.keys(headers), Object.values(headers))
  const found = gate({ method, target, headers: wire, peer: '127.0.0.1', overSocket: false })
  return found instanceof Hal0Error ? found : null
}
const codeOf = (method: string, headers: Record<string, string>): string | null => judge(method, headers)?.code ?? null

describe('a host is let in', () => {
  for (const host of [
    'localhost',
    'LOCALHOST:1234',
    '127.0.0.1',
    '127.0.0.1:8080',
    '[::1]',
    '[::1]:8080',
    'nas',
    'nas:80',
    'nas.lan',
    'nas.LAN:9',
    '[fd00::1]:8080',
    '192.168.1.5',
    'attic:8080',
    'ATTIC.local',
    '192.168.1.9:8080',
    '[fd00::9]',
  ]) {
    test(`when it is ${host}`, () => {
      expect(codeOf('GET', { host })).toBeNull()
      expect(codeOf('GET', { host })).toBeNull()
    })
  }
})

describe('a host is refused', () => {
  for (const host of [
    '',
    'evil.com',
    'localhost.evil.com',
    'localhost, localhost',
    'localhost localhost',
    'user@localhost',
    'user:pw@localhost:80',
    'localhost:99999',
    'localhost:',
    'localhost:80:80',
    'localhost/evil',
    '[::1',
    '::1',
    '[::1]evil',
    '127.0.0.2',
    '0.0.0.0',
    'nas.lan.evil.com',
  ]) {
    test(`when it is "${host}"`, () => {
      expect(codeOf('GET', { host })).toBe('host.not_allowed')
    })
  }

  test('when there is none, with advice that does not speak of allowed_hosts', () => {
    const refusal = judge('GET', {})
    expect(refusal?.code).toBe('host.not_allowed')
    expect(refusal?.message).toContain('Host: localhost')
    expect(refusal?.message).not.toContain('allowed_hosts')
  })

  test('but not if only the health of the process is requested', () => {
    expect(judge('GET', {}, '/api/health')).toBeNull()
    expect(judge('HEAD', {}, '/api/health')).toBeNull()
    expect(judge('GET', {}, '/api/health/?probe=1')).toBeNull()
    expect(judge('POST', {}, '/api/health')?.code).toBe('host.not_allowed')
    expect(judge('GET', {}, '/api/health/more')?.code).toBe('host.not_allowed')
    expect(judge('GET', {}, '/api/healthy')?.code).toBe('host.not_allowed')
  })

  test('with status 421 and the setting that would allow it', () => {
    const refusal = judge('GET', { host: 'evil.com' })
    expect(refusal?.status).toBe(421)
    expect(refusal?.message).toContain('allowed_hosts')
    expect(refusal?.message).toContain('hal0.toml')
  })

  test('still, after many good ones were remembered', () => {
    for (let port = 1; port < 300; port++) expect(codeOf('GET', { host: `localhost:${port}` })).toBeNull()
    expect(codeOf('GET', { host: 'evil.com' })).toBe('host.not_allowed')
  })
})

describe('a request that changes something', () => {
  const host = 'nas:8080'
  const json = { host, 'content-type': 'application/json', 'content-length': '2' }

  test('is let in without Origin, as from a program', () => {
    expect(codeOf('POST', json)).toBeNull()
  })

  test('is let in from its own pages', () => {
    expect(codeOf('POST', { ...json, origin: 'http://nas:8080', 'sec-fetch-site': 'same-origin' })).toBeNull()
    expect(codeOf('POST', { ...json, origin: 'https://NAS:8080' })).toBeNull()
  })

  for (const origin of [
    'null',
    'http://evil.com',
    'http://nas',
    'http://nas:8081',
    'http://nas:8080.evil.com',
    'file://',
    '',
  ]) {
    test(`is refused with Origin "${origin}"`, () => {
      expect(codeOf('POST', { ...json, origin })).toBe('origin.not_allowed')
      expect(codeOf('DELETE', { host, origin })).toBe('origin.not_allowed')
    })
  }

  for (const site of ['cross-site', 'same-site']) {
    test(`is refused with Sec-Fetch-Site ${site}`, () => {
      expect(codeOf('POST', { ...json, 'sec-fetch-site': site })).toBe('origin.not_allowed')
    })
  }

  // What a page may send without a preflight, in which the browser would ask first.
  const simple = [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; application/json',
    null,
  ]
  for (const type of [...simple, 'application/json']) {
    const body = { host, 'content-length': '2', ...(type === null ? {} : { 'content-type': type }) }

    test(`of the type ${type} is refused from another page, which needs no preflight for it`, () => {
      for (const from of [
        { origin: 'http://evil.com' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://nas:8081', 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
        { origin: 'http://nas:8080', 'sec-fetch-site': 'cross-site' },
      ]) {
        expect(codeOf('POST', { ...body, ...from })).toBe('origin.not_allowed')
        expect(codeOf('POST', { ...body, ...from, 'transfer-encoding': 'chunked' })).toBe('origin.not_allowed')
      }
    })

    test(`of the type ${type} is let in from a program, and from its own pages`, () => {
      expect(codeOf('POST', body)).toBeNull()
      expect(codeOf('POST', { ...body, origin: 'http://nas:8080', 'sec-fetch-site': 'same-origin' })).toBeNull()
    })
  }
})

test('a read from another page is let in: the browser keeps its answer from that page', () => {
  expect(codeOf('GET', { host: 'localhost', origin: 'http://evil.com', 'sec-fetch-site': 'cross-site' })).toBeNull()
})

test('the name of a host is distinguished from its port', () => {
  expect(hostName('NAS:80')).toBe('nas')
  expect(hostName('[FD00::1]:80')).toBe('[fd00::1]')
  expect(hostName('a b')).toBeNull()
})
