/** A client of Python package indexes (the simple API). */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { fetchBody, indexFailure, isPage, pageInstead } from './fetch-body.ts'
import type { IndexCodes } from './index-codes.ts'
import { type IndexFile, parseHtmlPage, parseJsonPage } from './index-page.ts'
import { findIndexPlace, type IndexPlace } from './index-place.ts'
import type { Env } from './pip-config.ts'

const jsonType = 'application/vnd.pypi.simple.v1+json'
const accept = `${jsonType}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`
const maxPageBytes = 64 * 1024 * 1024
const maxWheelBytes = 4 * 1024 * 1024 * 1024

export interface PackageIndexOptions {
  /** Longest silence of the server, milliseconds; default: 30 s. */
  stallMs?: number
  /** The error codes of its failures. */
  codes: IndexCodes
}

/** The index that this machine uses. Credentials in its URL are sent only to it, and never shown. */
export class PackageIndex {
  readonly #place: IndexPlace
  readonly #stallMs: number
  readonly #codes: IndexCodes

  private constructor(place: IndexPlace, { stallMs = 30_000, codes }: PackageIndexOptions) {
    this.#place = place
    this.#stallMs = stallMs
    this.#codes = codes
  }

  /** @throws Hal0Error when the environment or pip's configuration names something that cannot be used */
  static async open(env: Env, options: PackageIndexOptions): Promise<PackageIndex> {
    return new PackageIndex(await findIndexPlace(env, options.codes), options)
  }

  /** For messages. */
  get host(): string {
    return this.#place.root.host
  }

  /** The credentials, where `url` is the index's own. */
  #headersFor(url: URL): Record<string, string> {
    const { authorization, root } = this.#place
    return authorization === null || url.origin !== root.origin ? {} : { authorization }
  }

  async #fetch(url: URL, raw: boolean, maxBytes: number, take: (chunk: Uint8Array) => Promise<void>) {
    const headers = { ...(raw ? {} : { accept }), ...this.#headersFor(url) }
    const { ca } = this.#place
    return await fetchBody(url, { headers, ca, stallMs: this.#stallMs, maxBytes, raw, codes: this.#codes }, take)
  }

  /**
   * Every file of a project.
   * @param project in its normalised form (PEP 503)
   * @throws Hal0Error
   */
  async files(project: string): Promise<IndexFile[]> {
    const url = new URL(`${project}/`, this.#place.root)
    const chunks: Uint8Array[] = []
    const page = await this.#fetch(url, false, maxPageBytes, async (chunk) => void chunks.push(chunk))
    const text = Buffer.concat(chunks).toString('utf8')
    try {
      return page.contentType.startsWith(jsonType) ? parseJsonPage(text, page.url) : parseHtmlPage(text, page.url)
    } catch (cause) {
      throw indexFailure(this.#codes.network, url, 'sent a page that cannot be read. Try another index.', { cause })
    }
  }

  /**
   * Asks for a file, or a range of it, without looking at the answer. Its bytes come as they are, even if they are declared to be
   * compressed.
   * @throws what `fetch` throws
   */
  request(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const { ca } = this.#place
    return fetch(url, {
      headers: { ...headers, ...this.#headersFor(url) },
      signal,
      decompress: false,
      // Bun ends a silent answer by itself after five minutes.
      timeout: false,
      ...(ca === null ? {} : { tls: { ca } }),
    })
  }

  /**
   * Downloads a file and checks it against the index's checksum.
   * @param write gets every chunk in order
   * @throws Hal0Error, also when the checksum is missing or different; `details` then has both
   */
  async download(file: IndexFile, write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    if (file.sha256 === null) {
      throw new Hal0Error(
        this.#codes.checksum,
        `The package index at ${this.host} gives no sha256 for ${file.name}, so it cannot be checked and is not installed. Use another index.`,
        { details: { file: file.name } },
      )
    }
    const hasher = new Bun.CryptoHasher('sha256')
    const { contentType } = await this.#fetch(file.url, true, maxWheelBytes, async (chunk) => {
      hasher.update(chunk)
      await write(chunk)
    })
    const actual = hasher.digest('hex')
    if (actual !== file.sha256) {
      if (isPage(contentType)) throw indexFailure(this.#codes.network, file.url, pageInstead(file.name))
      throw new Hal0Error(
        this.#codes.checksum,
        `${file.name} was damaged or changed on its way from ${file.url.host}: its sha256 is not the one that the index gives. Nothing was installed; try again.`,
        { details: { file: file.name, expected: file.sha256, actual } },
      )
    }
  }
}
