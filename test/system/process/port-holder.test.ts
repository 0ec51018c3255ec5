import { describe, expect, test } from 'bun:test'
import { findPortHolder, holderText, nextFreePort } from '../../../src/system/process/port-holder.ts'

const listener = () => Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })

describe('who holds a port', () => {
  test('is found with pid and command', async () => {
    using server = listener()
    const holder = await findPortHolder(server.port)
    expect(holder?.pid).toBe(process.pid)
    expect(holderText(holder)).toContain(`(process ${process.pid}`)
  })

  test('is nobody once the listener is closed', async () => {
    const server = listener()
    server.stop(true)
    expect(await findPortHolder(server.port)).toBeNull()
  })

  test('is told with the unit, and with a command of any length', () => {
    const holder = { pid: 12, command: 'nginx -g daemon', unit: 'nginx.service', user: null }
    expect(holderText(holder)).toBe('"nginx -g daemon" (process 12, nginx.service)')
    expect(holderText({ ...holder, command: 'x'.repeat(500) }).length).toBeLessThan(120)
    expect(holderText({ ...holder, command: 'python3 -c import http\n\tserve()\u001b[2J' })).toBe(
      '"python3 -c import http serve() [2J" (process 12, nginx.service)',
    )
    expect(holderText({ ...holder, command: null })).toBe('process 12, nginx.service')
  })

  test('is told by its user where only root sees more', () => {
    expect(holderText({ pid: null, command: null, unit: null, user: 'www-data' })).toBe(
      'a program of the user www-data',
    )
    expect(holderText(null)).toBe('another program')
  })
})

test('the next free port is above, neither taken nor kept for something else', () => {
  using server = listener()
  const free = nextFreePort(server.port - 1, (port) => port === server.port + 1)
  expect(free).toBeGreaterThan(server.port + 1)
})
