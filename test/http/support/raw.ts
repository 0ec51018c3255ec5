/** Requests byte for byte, which no HTTP client would send. */

/** Sends `request` to 127.0.0.1 and returns everything that comes back until the first answer is whole or the socket ends. */
export const exchange = (port: number, request: string | Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    let got = ''
    const connecting = Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open(socket) {
          socket.write(request)
        },
        data(socket, data) {
          got += data.toString('latin1')
          const headEnd = got.indexOf('\r\n\r\n')
          const length = /content-length: (\d+)/i.exec(got)?.[1]
          if (headEnd >= 0 && length !== undefined && got.length >= headEnd + 4 + Number(length)) socket.end()
        },
        close() {
          resolve(got)
        },
        error(_socket, error) {
          reject(error)
        },
      },
    })
    connecting.catch(reject)
  })

/** The status of a raw answer; 0 when there was none. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? 0)

/** The error code in a raw answer; null when it carries no envelope. */
export const codeOf = (answer: string): string | null => {
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  if (!body.startsWith('{')) return null
  return (JSON.parse(body) as { error?: { code?: string } }).error?.code ?? null
}
