/** The address of a client. */
import { userOfSocket } from '../../system/proc/socket-user.ts'

/** The source of the address, e.g. a socket. Of a local socket, and of one that is closed, the addresses are undefined. */
interface Ends {
  readonly fd: number
  readonly remoteAddress: string | undefined
  readonly remotePort: number
  readonly localAddress: string | undefined
  readonly localPort: number
}

const socketUser = (fd: number): string => {
  const user = userOfSocket(fd)
  return user === null ? 'local socket' : `uid ${user}`
}

export class Peer {
  /** It is a program at the local socket. */
  readonly overSocket: boolean
  /** The name of the key by which the request under way came; null: by none. */
  holder: string | null = null
  readonly #ends: Ends
  #address: string | null = null

  /** @param overSocket as the listener knows it: nothing that can change while the connection lasts may decide this */
  constructor(ends: Ends, overSocket: boolean) {
    this.#ends = ends
    this.overSocket = overSocket
  }

  /** Read from the system only once, since every request of the connection needs it. */
  get address(): string {
    this.#address ??= this.overSocket ? socketUser(this.#ends.fd) : (this.#ends.remoteAddress ?? '')
    return this.#address
  }

  get port(): number {
    return this.#ends.remotePort
  }

  get localAddress(): string {
    return this.#ends.localAddress ?? ''
  }

  get localPort(): number {
    return this.#ends.localPort
  }
}
