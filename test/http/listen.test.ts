import { describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { listen } from '../../src/http/listen.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import type { ListenAdvice } from '../../src/system/listen-advice.ts'
import { EventReader } from './support/event-reader.ts'
import { startServer } from './support/server.ts'

const advice: Pick<ListenAdvice, 'otherPort' | 'waitsForAddress'> = {
  otherPort: (refused) => `hal0 serve --port ${refused + 1}`,
  waitsForAddress: false,
}

const failure = async (listening: Promise<unknown>): Promise<Hal0Error> => {
  const error = await listening.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Hal0Error) return error
  throw error ?? new Error('it listens')
}

describe('listening', () => {
  test('on a port that another hal0 has fails with a sentence that names the port and what to do', async () => {
    const server = await startServer()
    const error = await failure(listen(server.app, { host: '127.0.0.1', port: server.port }, advice))
    expect(error.message).toContain(`Port ${server.port} on 127.0.0.1 is taken`)
    expect(error.message).toContain(`process ${process.pid}`)
    expect(error.message).toEndWith(`choose another port: hal0 serve --port ${server.port + 1}.`)
    await server.stop()
  })

  test('on a port that another program has fails in the same way', async () => {
    const server = await startServer()
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    expect((await failure(listen(server.app, { host: '127.0.0.1', port }, advice))).message).toContain('is taken')
    other.close()
    await server.stop()
  })

  test('on a port that is free a moment later begins then', async () => {
    const server = await startServer()
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    const listening = listen(server.app, { host: '127.0.0.1', port }, advice)
    await Bun.sleep(100)
    other.close()
    const front = await listening
    expect(front.port).toBe(port)
    front.close()
    await server.stop()
  })

  test("on an address that is not this machine's fails with a sentence", async () => {
    const server = await startServer()
    const error = await failure(listen(server.app, { host: '192.0.2.1', port: 0 }, advice))
    expect(error.message).toContain('192.0.2.1 is not an address of this machine')
    await server.stop()
  })

  test('ends gracefully once the event streams are closed', async () => {
    const { app, server, url, stop } = await startServer()
    const reader = await EventReader.open(`${url}/api/slots/events`)
    await reader.nextBlock()
    app.streams.closeAll()
    await server.settled(10_000)
    expect(server.inFlight).toBe(0)
    reader.close()
    await stop()
  })
})
