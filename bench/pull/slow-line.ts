/**
 * A TCP line that is slower than loopback, as a program: stands in for a network emulator, which needs a kernel module. Every
 * byte comes `delay` ms after it was sent; a connection carries at most `rate` bytes a second towards the client, and at most
 * `window` bytes are under way on it, as the receive window of a long line would have it.
 *
 *   bun slow-line.ts LISTEN_PORT TARGET_PORT DELAY_MS RATE_BYTES_PER_S(0: any) WINDOW_BYTES
 */
import { connect, createServer, type Socket } from 'node:net'

const [listenPort = 0, targetPort = 0, delayMs = 0, rate = 0, windowBytes = 0] = process.argv.slice(2).map(Number)

/** Passes on what comes from `from`, late. */
const carry = (from: Socket, to: Socket, bytesPerMs: number): void => {
  let underWay = 0
  /** When the last byte so far has left at this rate. */
  let sentAt = performance.now()
  const later = (bytes: number, act: () => void): void => {
    const now = performance.now()
    sentAt = Math.max(now, sentAt) + bytes / bytesPerMs
    setTimeout(act, sentAt - now + delayMs)
  }
  from.on('data', (chunk) => {
    underWay += chunk.length
    if (underWay >= windowBytes) from.pause()
    later(chunk.length, () => {
      underWay -= chunk.length
      if (!to.destroyed) to.write(chunk)
      if (underWay < windowBytes) from.resume()
    })
  })
  from.on('end', () => later(0, () => to.end()))
  from.on('close', () => later(0, () => to.destroy()))
  from.on('error', () => to.destroy())
}

createServer({ noDelay: true }, (client) => {
  const target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true })
  carry(client, target, Number.POSITIVE_INFINITY)
  carry(target, client, rate === 0 ? Number.POSITIVE_INFINITY : rate / 1000)
}).listen(listenPort, '127.0.0.1')
