/** Signed addresses of the hub's storage, kept until they expire: one resolve serves many ranges. */
import type { LinkedFile } from './redirects.ts'

export interface SignedUrl {
  url: URL
  /** What the hub said about the file when it gave out the address. */
  linked: LinkedFile
}

/** An address that expires within this time is not used, since a request takes time to arrive; milliseconds. */
const marginMs = 30_000
const mostAddresses = 512

/** When the signature expires, according to its parameters (CloudFront's `Expires`, S3's `X-Amz-…`); null if they do not say. */
export const signatureExpiryMs = (url: URL): number | null => {
  const query = url.searchParams
  const expires = query.get('Expires') ?? ''
  if (/^\d{1,12}$/.test(expires)) return Number(expires) * 1000
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '')
  const seconds = query.get('X-Amz-Expires') ?? ''
  if (date === null || !/^\d{1,9}$/.test(seconds)) return null
  const [, year, month, day, hour, minute, second] = date
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) + Number(seconds) * 1000
}

export class SignedUrls {
  readonly #known = new Map<string, SignedUrl>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** @returns null if there is none, or it is about to expire */
  get(key: string): SignedUrl | null {
    const found = this.#known.get(key)
    if (found === undefined) return null
    const end = signatureExpiryMs(found.url)
    if (end === null || end - marginMs > this.#now()) return found
    this.#known.delete(key)
    return null
  }

  set(key: string, address: SignedUrl): void {
    this.#known.delete(key)
    this.#known.set(key, address)
    const oldest = this.#known.keys().next()
    if (this.#known.size > mostAddresses && oldest.done !== true) this.#known.delete(oldest.value)
  }

  forget(key: string): void {
    this.#known.delete(key)
  }
}
