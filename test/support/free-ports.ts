/** Ports for what a test starts. */
import { createServer } from 'node:net'

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })

/**
 * The first of `count` consecutive ports that were free a moment ago. They are below the ephemeral ports, and chosen at random, so
 * that simultaneous tests get different ones.
 */
export const freePorts = async (count: number): Promise<number> => {
  for (;;) {
    const first = 12_000 + Math.floor(Math.random() * 20_000)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}
