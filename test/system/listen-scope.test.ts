import { describe, expect, test } from 'bun:test'
import { checkListening, isForThisMachine } from '../../src/system/listen-scope.ts'

describe('an address to listen on', () => {
  for (const host of ['127.0.0.1', '127.5.0.1', '::1', 'localhost']) {
    test(`${host} is for this machine`, () => expect(isForThisMachine(host)).toBe(true))
  }

  for (const host of [
    '0.0.0.0',
    '::',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.1',
    '192.168.1.2',
    '100.64.0.1',
    '169.254.3.4',
    'fd00::1',
    'fe80::1',
    'nas.local',
  ]) {
    test(`${host} is for the machines of a network`, () => {
      expect(isForThisMachine(host)).toBe(false)
      expect(() => checkListening(host, [])).not.toThrow()
    })
  }

  for (const host of [
    '203.0.113.5',
    '8.8.8.8',
    '::ffff:8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2001:db8::1',
    '2a00:1450:4001::1',
  ]) {
    test(`${host} of the internet is refused, unless a proxy stands in front`, () => {
      expect(() => checkListening(host, [])).toThrow(expect.objectContaining({ code: 'config.invalid' }))
      expect(() => checkListening(host, ['192.168.1.2'])).not.toThrow()
    })
  }
})
