import { describe, expect, test } from 'bun:test'
import { HalfClosedWatch } from '../../../src/http/front/half-closed.ts'
import type { Answer, IncomingRequest } from '../../../src/lib/http/incoming.ts'
import { isClientThere } from '../../../src/system/proc/tcp-peers.ts'
import { post, RawClient } from './raw-client.ts'
import { startFront } from './start-front.ts'

/** A front whose requests are answered by the test. */
const holding = () => {
  const asked = Promise.withResolvers<{ request: IncomingRequest; answer: Answer }>()
  const front = startFront((request, answer) => asked.resolve({ request, answer }))
  return { front, asked: asked.promise }
}
const gone = ({ signal }: IncomingRequest): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve())
  })

describe('a client that closes its sending side after its request', () => {
  test('gets its whole answer, late as it may be', async () => {
    const { front, asked } = holding()
    const client = await RawClient.open(front.port)
    client.send(post('/a', 'x')).halfClose()
    const { request, answer } = await asked
    // Several looks at the table of connections.
    await Bun.sleep(400)
    expect(request.signal.aborted).toBe(false)
    answer.begin(200, '', null)
    answer.write(Buffer.from('one'))
    await client.until(() => client.text.includes('one'))
    answer.write(Buffer.from('two'))
    answer.end()
    expect(await client.toEnd()).toEndWith('3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n')
    await client.until(() => client.closed)
  })

  test('gets the answers to all of its requests', async () => {
    const front = startFront(async ({ target }, answer) => {
      await Bun.sleep(5)
      answer.send(200, '', Buffer.from(target))
    })
    const client = await RawClient.open(front.port)
    await client
      .send(post('/a', 'x') + post('/b', 'y'))
      .halfClose()
      .toEnd()
    expect(client.statuses).toEqual([200, 200])
  })
})

describe('a client that is gone', () => {
  test('is noticed before a byte of its answer was sent', async () => {
    const { front, asked } = holding()
    const client = await RawClient.open(front.port)
    client.send(post('/a', 'x'))
    const { request } = await asked
    client.close()
    await gone(request)
    expect(front.inFlight).toBe(0)
  })

  test('is noticed although it had closed its sending side first', async () => {
    const { front, asked } = holding()
    const client = await RawClient.open(front.port)
    client.send(post('/a', 'x')).halfClose()
    const { request } = await asked
    await Bun.sleep(150)
    expect(request.signal.aborted).toBe(false)
    client.close()
    await gone(request)
  })

  test('is noticed in the middle of its answer', async () => {
    const { front, asked } = holding()
    const client = await RawClient.open(front.port)
    client.send(post('/a', 'x'))
    const { request, answer } = await asked
    answer.begin(200, '', null)
    const timer = setInterval(() => answer.write(Buffer.from('token')), 5)
    await client.until(() => client.text.includes('token'))
    client.close()
    await gone(request)
    clearInterval(timer)
  })
})

describe('the table of connections', () => {
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
  const line = (from: string, to: string, inode: number) =>
    `   1: ${from} ${to} 05 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000\n`
  const pair = { client: 0xc001, server: 0x1f90 }

  for (const [what, table, there] of [
    ['an end that a program holds', line('0100007F:C001', '0100007F:1F90', 77), true],
    ['an end that nobody holds', line('0100007F:C001', '0100007F:1F90', 0), false],
    ['the other end of the connection', line('0100007F:1F90', '0100007F:C001', 77), false],
    ['another connection from the same port', line('0100007F:C001', '0100007F:1F91', 77), false],
    ['an end in IPv6', line('00000000000000000000000001000000:C001', '00000000000000000000000001000000:1F90', 7), true],
    ['nothing', '', false],
  ] as const) {
    test(`with ${what} says ${there ? 'there' : 'gone'}`, () => {
      expect(isClientThere(['', header + table], pair)).toBe(there)
    })
  }
})

test('a client on another machine is probed until its answer is over, and never looked up', async () => {
  let busy = true
  const probed = Promise.withResolvers<void>()
  const watch = new HalfClosedWatch(() => {
    throw new Error('it was looked up')
  })
  watch.add({
    peer: { address: '192.0.2.7', port: 1, localAddress: '192.0.2.1', localPort: 2 },
    get busy() {
      return busy
    },
    probe: () => probed.resolve(),
    cut: () => {
      throw new Error('it was cut')
    },
  })
  await probed.promise
  busy = false
  watch.close()
})

test('a client is not taken for gone while the table cannot be read, and is looked up again', async () => {
  let looks = 0
  const cut = Promise.withResolvers<number>()
  const watch = new HalfClosedWatch(() => {
    looks++
    return looks === 1 ? Promise.reject(new Error('too many open files')) : Promise.resolve(['', ''])
  })
  watch.add({
    peer: { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2 },
    busy: true,
    probe: () => {},
    cut: () => cut.resolve(looks),
  })
  expect(await cut.promise).toBe(2)
  watch.close()
})
