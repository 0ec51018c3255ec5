/** A client that shows the exact bytes of an answer, and how its connection ended. */
export interface RawAnswer {
  text: string
  /** The last chunk arrived: to a client the answer is complete. */
  complete: boolean
}

/**
 * Sends one POST and reads until the server ends the connection or the answer is complete.
 * @param onEvent called once, when the first server-sent event has arrived
 */
export const rawPost = (port: number, body: string, onEvent: () => void = () => {}): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    let text = ''
    let seen = false
    const done = () => resolve({ text, complete: text.endsWith('\r\n0\r\n\r\n') })
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open(socket) {
          socket.write(
            `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
          )
        },
        data(socket, bytes) {
          text += bytes.toString('latin1')
          if (!seen && text.includes('\n\n')) {
            seen = true
            onEvent()
          }
          if (text.endsWith('\r\n0\r\n\r\n')) socket.end()
        },
        close: done,
        error() {},
      },
    }).catch(reject)
  })
