import { describe, expect, test } from 'bun:test'
import { loopbackListeners } from '../../../src/system/proc/tcp-listeners.ts'

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const row = (address: string, port: number, inode: number, state = '0A') =>
  `   0: ${address}:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000 100 0 0 10 0\n`
const loopback = '0100007F'
const any = '00000000'
const mapped = '0000000000000000FFFF00000100007F'
const any6 = '00000000000000000000000000000000'
const loopback6 = '00000000000000000000000001000000'

describe('A connection to 127.0.0.1', () => {
  for (const [what, tcp, tcp6, inodes] of [
    [
      'reaches the listener on 127.0.0.1 before one on every address',
      [row(any, 8081, 1), row(loopback, 8081, 2)],
      [],
      [2],
    ],
    ['reaches the listener on every address before an IPv6 one', [row(any, 8081, 1)], [row(any6, 8081, 2)], [1]],
    ['reaches an IPv6 listener on every address', [], [row(any6, 8081, 2)], [2]],
    ['reaches an IPv6 listener on the mapped address first', [row(any, 8081, 1)], [row(mapped, 8081, 2)], [2]],
    ['reaches either of two that share the port', [row(loopback, 8081, 1), row(loopback, 8081, 2)], [], [1, 2]],
    ['does not reach ::1', [], [row(loopback6, 8081, 2)], []],
    ['does not reach another address of the host', [row('0A01A8C0', 8081, 1)], [], []],
    ['does not reach another port', [row(loopback, 8082, 1), row(loopback, 33169, 1)], [], []],
    [
      'does not reach a socket that does not listen',
      [row(loopback, 8081, 1, '01'), row(loopback, 8081, 2, '06')],
      [],
      [],
    ],
  ] as const) {
    test(what, () => {
      const tables = [header + tcp.join(''), header + tcp6.join('')]
      expect(loopbackListeners(tables, 8081).inodes).toEqual([...inodes])
    })
  }

  test('is known to reach nothing else if the listener is on 127.0.0.1 itself', () => {
    expect(loopbackListeners([row(loopback, 80, 1)], 80).exact).toBe(true)
    expect(loopbackListeners([row(any, 80, 1)], 80).exact).toBe(false)
    expect(loopbackListeners([], 80)).toEqual({ inodes: [], users: [], exact: false })
  })
})
