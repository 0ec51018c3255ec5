/** A client of Python package indexes (the simple API). */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { fetchBody, trustedCertificates } from './fetch-body.ts'
import { type IndexFile, parseHtmlPage, parseJsonPage } from './index-page.ts'

const jsonType = 'application/vnd.pypi.simple.v1+json'
const accept = `${jsonType}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`
const defaultIndex = 'https://pypi.org/simple/'
const indexVariables = ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL']
const maxPageBytes = 64 * 1024 * 1024
const maxWheelBytes = 4 * 1024 * 1024 * 1024

export interface PackageIndexOptions {
  /** Longest silence of the server, milliseconds. */
  stallMs: number
}

/** One index, as named in the environment. Credentials in its URL are sent only to it, and never shown. */
export class PackageIndex {
  readonly #env: Record<string, string | undefined>
  readonly #root: URL
  readonly #authorization: string | null
  readonly #stallMs: number

  /** @throws Hal0Error `engine.install_failed` when the environment names an index that is not a URL */
  constructor(env: Record<string, string | undefined>, options: PackageIndexOptions = { stallMs: 30_000 }) {
    const variable = indexVariables.find((name) => (env[name] ?? '') !== '')
    // uv writes `name=URL` for a named index.
    const stated = (variable === undefined ? defaultIndex : (env[variable] ?? '')).replace(
      /^[A-Za-z0-9_-]+=(?=https?:)/,
      '',
    )
    if (!URL.canParse(stated) || !/^https?:$/.test(new URL(stated).protocol)) {
      throw new Hal0Error(
        'engine.install_failed',
        `${variable} is not an http or https URL. Correct the variable and restart hal0.`,
      )
    }
    const root = new URL(stated)
    const { username, password } = root
    this.#authorization =
      username === ''
        ? null
        : `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
    root.username = ''
    root.password = ''
    if (!root.pathname.endsWith('/')) root.pathname += '/'
    this.#root = root
    this.#env = env
    this.#stallMs = options.stallMs
  }

  /** For messages. */
  get host(): string {
    return this.#root.host
  }

  async #fetch(url: URL, raw: boolean, maxBytes: number, take: (chunk: Uint8Array) => Promise<void>) {
    const headers: Record<string, string> = raw ? {} : { accept }
    if (this.#authorization !== null && url.origin === this.#root.origin) headers.authorization = this.#authorization
    const ca = await trustedCertificates(this.#env)
    return await fetchBody(url, { headers, ca, stallMs: this.#stallMs, maxBytes, raw }, take)
  }

  /**
   * Every file of a project.
   * @param project in its normalised form (PEP 503)
   * @throws Hal0Error `engine.install_failed`
   */
  async files(project: string): Promise<IndexFile[]> {
    const url = new URL(`${project}/`, this.#root)
    const chunks: Uint8Array[] = []
    const page = await this.#fetch(url, false, maxPageBytes, async (chunk) => void chunks.push(chunk))
    const text = Buffer.concat(chunks).toString('utf8')
    try {
      return page.contentType.startsWith(jsonType) ? parseJsonPage(text, page.url) : parseHtmlPage(text, page.url)
    } catch (error) {
      throw new Hal0Error(
        'engine.install_failed',
        `The package index at ${this.host} sent a page that cannot be read. Try another index.`,
        {
          details: { host: this.host },
          cause: error,
        },
      )
    }
  }

  /**
   * Downloads a file and checks it against the index's checksum.
   * @param write gets every chunk in order
   * @throws Hal0Error `engine.install_failed`, also when the checksum is missing or different; `details` then has both
   */
  async download(file: IndexFile, write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    if (file.sha256 === null) {
      throw new Hal0Error(
        'engine.install_failed',
        `The package index at ${this.host} gives no sha256 for ${file.name}, so it cannot be checked and is not installed. Use another index.`,
        { details: { file: file.name } },
      )
    }
    const hasher = new Bun.CryptoHasher('sha256')
    await this.#fetch(file.url, true, maxWheelBytes, async (chunk) => {
      hasher.update(chunk)
      await write(chunk)
    })
    const actual = hasher.digest('hex')
    if (actual !== file.sha256) {
      throw new Hal0Error(
        'engine.install_failed',
        `${file.name} was damaged or changed on its way from ${file.url.host}: its sha256 is not the one that the index gives. Nothing was installed; try again.`,
        { details: { file: file.name, expected: file.sha256, actual } },
      )
    }
  }
}
