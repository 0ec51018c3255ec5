/** How soon the API answers while something else goes on. */

/** Between two questions, milliseconds. */
const everyMs = 5

/**
 * Asks for the daemon's status over one connection. A bare one: `fetch` receives in a thread of its own, which waits for a
 * processor as well, so that half of its slowest answers were the client's.
 */
const openStatus = async (url: string): Promise<{ ask: () => Promise<void>; close: () => void }> => {
  const { hostname, port, host } = new URL(url)
  let answered = Promise.withResolvers<void>()
  let received = ''
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, bytes) {
        received += bytes.toString('latin1')
        const head = received.indexOf('\r\n\r\n')
        const length = /^content-length: (\d+)/im.exec(received)?.[1]
        if (head < 0 || length === undefined || received.length < head + 4 + Number(length)) return
        if (received.startsWith('HTTP/1.1 200 ')) answered.resolve()
        else answered.reject(new Error(`the daemon answered: ${received}`))
      },
      close: () => answered.reject(new Error('the daemon closed the connection')),
    },
  })
  return {
    ask() {
      answered = Promise.withResolvers()
      received = ''
      socket.write(`GET /api/status HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      return answered.promise
    },
    close() {
      // Nobody waits for it any more.
      answered.resolve()
      socket.end()
    },
  }
}

/**
 * Asks the daemon for its status, one question after the other, until `work` ends.
 * @returns how long each answer took, milliseconds
 */
export const askDuring = async (url: string, work: Promise<unknown>): Promise<number[]> => {
  const times: number[] = []
  let busy = true
  const done = work.finally(() => {
    busy = false
  })
  const status = await openStatus(url)
  while (busy) {
    const began = performance.now()
    await status.ask()
    times.push(performance.now() - began)
    await Bun.sleep(everyMs)
  }
  status.close()
  await done
  return times
}

export const p99 = (times: number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN
