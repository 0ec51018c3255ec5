/** A client that reads slowly, over a socket of the test's making: the system's buffers would hide it for megabytes. */
import { expect, test } from 'bun:test'
import type { Socket } from 'bun'
import { Connection } from '../../../src/http/front/connection.ts'
import type { ConnectionHost } from '../../../src/http/front/connection-host.ts'
import { defaultFrontLimits } from '../../../src/http/front/limits.ts'

const { writeMs } = defaultFrontLimits

test('a client that reads slowly is not cut off, although the system never reports room; one that stops reading is', () => {
  let room = 1000
  let cut = false
  const socket = {
    remoteAddress: '127.0.0.1',
    write(bytes: Uint8Array) {
      const taken = Math.min(room, bytes.length)
      room -= taken
      return taken
    },
    terminate() {
      cut = true
    },
    pause() {},
    resume() {},
  } as unknown as Socket<Connection>
  const host = {
    limits: defaultFrontLimits,
    now: 0,
    stopping: false,
    answer: (_request, answer) => {
      answer.begin(200, '', null)
      answer.write(Buffer.alloc(100_000))
    },
    refuse() {},
    halfClosed() {},
    closed() {},
  } satisfies ConnectionHost<Connection>
  const connection = new Connection(socket, host, false)
  connection.received(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))

  for (let look = 0; look < 10; look++) {
    host.now += writeMs * 0.9
    room = 10
    connection.check()
    expect(cut).toBe(false)
  }
  host.now += writeMs * 1.1
  connection.check()
  expect(cut).toBe(true)
})
