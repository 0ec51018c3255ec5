/** The dispatcher behind a bare server, with a log that is a list. */
import { type Endpoint, endpoints } from '../../../src/contract/endpoints.ts'
import type { Captured } from '../../../src/contract/logs/captured.ts'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import { slotModes } from '../../../src/contract/slot-config.ts'
import { BodyBudget } from '../../../src/dispatch/body/body-budget.ts'
import { makeDispatch } from '../../../src/dispatch/dispatcher.ts'
import { SlotTargets } from '../../../src/dispatch/targets/slot-targets.ts'
import type { Target } from '../../../src/dispatch/targets/target.ts'
import { Loopback } from '../../../src/dispatch/upstream/loopback.ts'
import type { EarlyTiming } from '../../../src/dispatch/waiting/early-answer.ts'
import { sendError } from '../../../src/http/answers/errors.ts'
import { Front } from '../../../src/http/front/front.ts'
import type { FrontLimits } from '../../../src/http/front/limits.ts'
import { EndpointTable } from '../../../src/http/gate/endpoint-table.ts'
import { requestIdOf } from '../../../src/http/gate/request-id.ts'
import type { SlotDirectory } from '../../../src/slots/run/lease.ts'
import { localCaller } from '../../http/support/local-caller.ts'
import { until } from '../../support/until.ts'

interface Options {
  maxBodyBytes?: number
  /** For all bodies together. */
  bodyMemoryBytes?: number
  registered?: string
  limits?: Partial<FrontLimits>
  /** Targets beside the slots. */
  others?: readonly Target[]
  early?: EarlyTiming
  /** Endpoints beside those of the contract. */
  inference?: readonly Endpoint[]
}

const asked = { method: 'POST', url: '' }

export class MiniServer {
  readonly decisions: Decision[] = []
  readonly captured: { slot: string; captured: Captured }[] = []
  readonly bodies: BodyBudget
  readonly #waiting = new Set<() => void>()
  readonly #front: Front

  constructor(slots: SlotDirectory, options: Options = {}) {
    this.bodies = new BodyBudget(options.bodyMemoryBytes ?? 1 << 30)
    const table = new EndpointTable([...Object.values(endpoints), ...(options.inference ?? [])])
    const ofSlots = new SlotTargets(slots, new Loopback())
    const dispatch = makeDispatch({
      targets: { list: () => [...ofSlots.list(), ...(options.others ?? [])], freshen: () => null },
      models: {
        get: (id) =>
          id === options.registered
            ? {
                id,
                name: id,
                kind: 'chat',
                files: [{ path: 'a/b', size: 1, sha256: '0'.repeat(64) }],
                source: null,
                architecture: null,
                parameters: null,
                quantization: null,
                context_length: null,
                created_at: '2026-01-02T03:04:05.000Z',
              }
            : null,
      },
      modes: slotModes,
      decisions: {
        record: (decision) => {
          this.decisions.push(decision)
          for (const resolve of this.#waiting) resolve()
          this.#waiting.clear()
        },
      },
      captures: { keep: (slot, captured) => void this.captured.push({ slot, captured }) },
      refuse: (answer, error, { requestId, dialect }) => sendError(answer, error, { ...asked, requestId }, dialect),
      headerLines: 'x-added: yes\r\n',
      bodies: this.bodies,
      ...(options.early === undefined ? {} : { early: options.early }),
      ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
    })
    this.#front = new Front({
      host: '127.0.0.1',
      port: 0,
      answer: (request, answer) => {
        const found = table.find(request.method, request.target)
        if (found === null) throw new Error(`${request.target} is no endpoint`)
        dispatch({ request, requestId: requestIdOf(request.headers), ...found, caller: localCaller(request) }, answer)
      },
      refuse: (error, answer) => sendError(answer, error, { ...asked, requestId: 'unread' }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    })
  }

  get port(): number {
    return this.#front.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  post(body: unknown, init: { path?: string; headers?: Record<string, string>; signal?: AbortSignal } = {}) {
    return fetch(`${this.url}${init.path ?? '/v1/chat/completions'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...init.headers },
      body: typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body),
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    })
  }

  /** The decisions, once there are `count`. */
  async logged(count: number): Promise<Decision[]> {
    while (this.decisions.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
    return this.decisions
  }

  /** Resolves once the relay knows that all clients have left. */
  async clientsLeft(): Promise<void> {
    await until('all clients have left', () => this.#front.inFlight === 0)
    // The relay looks for that every 25 ms, with a timer of this process, which comes before this one.
    await Bun.sleep(100)
  }

  stop(): void {
    this.#front.close()
  }
}
