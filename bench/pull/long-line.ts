/**
 * A TCP line that is longer than loopback, as a program: stands in for a network emulator, which needs a kernel module. Every
 * byte comes `delay` ms after it was sent, and at most `window` bytes are under way on a connection, as the receive window of a
 * long line would have it.
 *
 *   bun long-line.ts LISTEN_PORT TARGET_PORT DELAY_MS WINDOW_BYTES
 */
import { connect, createServer, type Socket } from 'node:net'

const [listenPort = 0, targetPort = 0, delayMs = 0, windowBytes = 0] = process.argv.slice(2).map(Number)

/** Passes on what comes from `from`, late. */
const carry = (from: Socket, to: Socket): void => {
  let underWay = 0
  from.on('data', (chunk) => {
    underWay += chunk.length
    if (underWay >= windowBytes) from.pause()
    const arrived = () => {
      underWay -= chunk.length
      if (underWay < windowBytes) from.resume()
    }
    // A receiver that takes nothing lets nothing more come: else the rest of its request would pile up here.
    setTimeout(() => to.destroyed || to.write(chunk, arrived), delayMs)
  })
  from.on('end', () => setTimeout(() => to.end(), delayMs))
  from.on('close', () => setTimeout(() => to.destroy(), delayMs))
  from.on('error', () => to.destroy())
}

createServer({ noDelay: true }, (client) => {
  const target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true })
  carry(client, target)
  carry(target, client)
}).listen(listenPort, '127.0.0.1')
