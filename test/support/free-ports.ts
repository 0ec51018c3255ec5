/** Ports for what a test starts. */
import { createServer } from 'node:net'

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })

/**
 * The first of `count` adjoining ports that were free a moment ago; below those that the system gives out by itself, and drawn
 * at random, so that tests that run at the same time get different ones.
 */
export const freePorts = async (count: number): Promise<number> => {
  for (;;) {
    const first = 12_000 + Math.floor(Math.random() * 20_000)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}
