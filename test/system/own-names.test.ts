import { expect, test } from 'bun:test'
import { machineNames, ownNames } from '../../src/system/own-names.ts'

const machine = { hostname: 'attic.home.arpa', addresses: ['127.0.0.1', '192.168.1.9', 'fd00::9'] }

test('hal0 is reached by the machine’s name, its name by mDNS, and the address that it listens on', () => {
  expect(ownNames('192.168.1.9', machine)).toEqual(['attic.home.arpa', 'attic', 'attic.local', '192.168.1.9'])
})

test('it is reached by each address of the machine when it listens on all of them', () => {
  for (const every of ['0.0.0.0', '::']) {
    expect(ownNames(every, machine)).toEqual(['attic.home.arpa', 'attic', 'attic.local', ...machine.addresses])
  }
})

test('a machine without a name has its addresses', () => {
  expect(ownNames('::', { hostname: '', addresses: ['::1'] })).toEqual(['::1'])
})

test('this machine has a loopback address', () => {
  expect(machineNames().addresses).toContain('127.0.0.1')
})
