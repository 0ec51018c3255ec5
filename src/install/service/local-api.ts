/** What an installation asks of its own API. */

import { Type } from 'typebox'
import type { PullRequest } from '../../contract/models/pull.ts'
import { isPackagePull } from '../../contract/models/pull-place.ts'
import { problemsOf } from '../../lib/validate.ts'
import { readDaemonAddress } from '../../system/daemon-address.ts'

const listLimitMs = 5000
/** An unload waits for requests in flight. */
const unloadWaitS = 20

/** What is read of a slot. */
const SlotView = Type.Object({
  config: Type.Object({ name: Type.String(), autostart: Type.Boolean() }),
  state: Type.Object({ state: Type.String() }),
})

/** What is read of a model of the catalog. */
const OfferView = Type.Object({ id: Type.String(), first: Type.Optional(Type.Boolean()), pull: Type.Unknown() })

export interface LocalSlot {
  name: string
  autostart: boolean
  state: string
}

export class LocalApi {
  readonly #url: string
  readonly #data: string

  /**
   * @param url e.g. http://127.0.0.1:8080
   * @param data its data folder, which says where its local socket is
   */
  constructor(url: string, data: string) {
    this.#url = url
    this.#data = data
  }

  /** @returns null when no hal0 answers */
  async slots(): Promise<LocalSlot[] | null> {
    const response = await this.#ask('GET', '/api/slots', listLimitMs)
    const body: unknown = response?.status === 200 ? await response.json().catch(() => null) : null
    if (problemsOf(Type.Array(SlotView), body).length > 0) return null
    return (body as { config: LocalSlot; state: { state: string } }[]).map(({ config, state: { state } }) => ({
      name: config.name,
      autostart: config.autostart,
      state,
    }))
  }

  /** Ids of models to begin with: the catalog's own choice, and one that comes without the hub. @returns null when no hal0 answers */
  async firstModels(): Promise<{ first: string | null; withoutHub: string | null } | null> {
    const response = await this.#ask('GET', '/api/catalog', listLimitMs)
    const body: unknown = response?.status === 200 ? await response.json().catch(() => null) : null
    if (problemsOf(Type.Array(OfferView), body).length > 0) return null
    const offers = body as { id: string; first?: boolean; pull: PullRequest | null }[]
    return {
      first: offers.find(({ first }) => first === true)?.id ?? null,
      withoutHub: offers.find(({ pull }) => pull !== null && isPackagePull(pull))?.id ?? null,
    }
  }

  /** Begins to load a slot. @returns whether the API accepted that */
  async load(name: string): Promise<boolean> {
    return (await this.#ask('POST', `/api/slots/${name}/load`, listLimitMs))?.status === 202
  }

  /** Unloads a slot, and waits until it is offline. @returns whether it got there */
  async unload(name: string): Promise<boolean> {
    const path = `/api/slots/${name}/unload?wait=${unloadWaitS}`
    return (await this.#ask('POST', path, (unloadWaitS + 5) * 1000))?.status === 200
  }

  /** @returns null when nothing answers */
  async #ask(method: 'GET' | 'POST', path: string, limitMs: number): Promise<Response | null> {
    const socket = readDaemonAddress(this.#data)?.socket ?? null
    const { HAL0_API_KEY: key = '' } = process.env
    const headers = {
      ...(key === '' || socket !== null ? {} : { authorization: `Bearer ${key}` }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    }
    // Options of Bun: the environment's proxy must not be used for this machine, and the socket needs no key.
    const over = socket === null ? { proxy: false } : { unix: socket }
    const options = { method, headers, signal: AbortSignal.timeout(limitMs), ...over } as unknown as RequestInit
    try {
      return await fetch(`${this.#url}${path}`, { ...options, ...(method === 'POST' ? { body: '{}' } : {}) })
    } catch {
      // Not yet, or never: the caller decides what that means.
      return null
    }
  }
}
