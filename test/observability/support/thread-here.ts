/** The thread of the database without a thread: its messages are copied and arrive in later turns, as between threads. */
import type { Thread } from '../../../src/observability/log/log-thread.ts'
import type { FromLog, ToLog } from '../../../src/observability/log/messages.ts'
import { serveLog } from '../../../src/observability/log/serve-log.ts'

export class ThreadHere implements Thread {
  onmessage: Thread['onmessage'] = null
  onerror: Thread['onerror'] = null
  /** Messages that it has not got yet stay where they are while it is held. */
  held: ToLog[] | null = null
  #ended = false
  readonly #hear = serveLog((message) => this.#later(() => this.#tell(structuredClone(message))))

  postMessage(message: ToLog): void {
    const copy = structuredClone(message)
    if (this.held === null) this.#later(() => this.#hear(copy))
    else this.held.push(copy)
  }

  letGo(): void {
    const held = this.held ?? []
    this.held = null
    for (const message of held) this.postMessage(message)
  }

  /** As after a fault in the thread. */
  fail(): void {
    this.#ended = true
    this.onerror?.call(this as unknown as Worker, new ErrorEvent('error', { message: 'made to fail' }))
  }

  terminate(): void {
    this.#ended = true
  }

  #later(work: () => void): void {
    setImmediate(() => {
      if (!this.#ended) work()
    })
  }

  #tell(message: FromLog): void {
    this.onmessage?.call(this as unknown as Worker, new MessageEvent('message', { data: message }))
  }
}
