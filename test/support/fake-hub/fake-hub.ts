/**
 * A stand-in for the Hugging Face Hub: two servers on loopback, the hub and the storage that it redirects to. The hub's own client
 * shows that it is faithful, by downloading from it (test/models/hub/client/official-client.test.ts).
 *
 *     const hub = await FakeHub.start({ repos: [{ id: 'acme/tiny', files: [{ path: 'a.gguf', content }] }] })
 *     hub.behave = ({ kind, attempt }) => (kind === 'cdn' && attempt === 1 ? { resetAfter: 1000 } : null)
 */
import { FakeRepository, type FakeRepositoryOptions } from './fake-repository.ts'
import { FakeStorage } from './fake-storage.ts'
import { HttpOrigin, type OriginReply, type OriginRequest } from './http-origin.ts'
import { type HubState, routeOf } from './hub-routes.ts'
import type { Misbehaviour, Script, ScriptedRequest } from './misbehaviour.ts'
import { rateLimited } from './refusals.ts'

export interface FakeHubOptions {
  repos?: FakeRepositoryOptions[]
  /** Valid tokens, in addition to those of the repositories' readers. */
  tokens?: string[]
  /** Files on a page of a tree; default 1000. */
  pageSize?: number
}

export interface LoggedRequest extends OriginRequest {
  server: 'hub' | 'cdn'
}

export class FakeHub {
  readonly repos = new Map<string, FakeRepository>()
  readonly tokens: Set<string>
  pageSize: number
  /** Whether small files are served after a relative redirect, like most at the hub; otherwise directly. */
  resolveCache = true
  /** Number of requests that are still answered; after that 429, with a wait of `resetS` seconds. */
  rateLimit: { left: number; resetS: number } | null = null
  behave: Script = () => null
  /** Every request, in order. */
  readonly log: LoggedRequest[] = []
  readonly storage = new FakeStorage()
  readonly #attempts = new Map<string, number>()
  readonly #hub = new HttpOrigin((request) => this.#answerHub(request))
  readonly #cdn = new HttpOrigin((request) => this.#answerCdn(request))

  constructor(options: FakeHubOptions = {}) {
    this.tokens = new Set(options.tokens)
    this.pageSize = options.pageSize ?? 1000
    for (const repo of options.repos ?? []) this.add(repo)
  }

  static async start(options: FakeHubOptions = {}): Promise<FakeHub> {
    const hub = new FakeHub(options)
    await Promise.all([hub.#hub.start(), hub.#cdn.start()])
    return hub
  }

  /** The value for HF_ENDPOINT. */
  get url(): string {
    return this.#hub.url
  }

  get cdnUrl(): string {
    return this.#cdn.url
  }

  add(options: FakeRepositoryOptions): FakeRepository {
    const repo = new FakeRepository(options)
    for (const token of repo.readers) this.tokens.add(token)
    this.repos.set(repo.id, repo)
    return repo
  }

  async stop(): Promise<void> {
    await Promise.all([this.#hub.stop(), this.#cdn.stop()])
  }

  #script(request: Omit<ScriptedRequest, 'attempt'>): Misbehaviour | null {
    const key = `${request.kind} ${request.path}`
    const attempt = (this.#attempts.get(key) ?? 0) + 1
    this.#attempts.set(key, attempt)
    return this.behave({ ...request, attempt })
  }

  #answerHub(request: OriginRequest): OriginReply {
    this.log.push({ server: 'hub', ...request })
    const state: HubState = {
      repos: this.repos,
      tokens: this.tokens,
      pageSize: this.pageSize,
      resolveCache: this.resolveCache,
      url: this.url,
      signed: (repo, file) => this.cdnUrl + this.storage.sign(repo.id, file),
    }
    const { kind, path, answer } = routeOf(request, state)
    const misbehaviour = this.#script({ kind, path, range: request.headers.get('range') })
    if (misbehaviour?.status !== undefined) return told(misbehaviour)
    if (this.rateLimit !== null && this.rateLimit.left-- <= 0) return rateLimited(this.rateLimit.resetS, kind === 'api')
    return answer(misbehaviour)
  }

  #answerCdn(request: OriginRequest): OriginReply {
    this.log.push({ server: 'cdn', ...request })
    const path = this.storage.file(request)?.path ?? request.target
    const misbehaviour = this.#script({ kind: 'cdn', path, range: request.headers.get('range') })
    if (misbehaviour?.status !== undefined) return told(misbehaviour)
    return this.storage.answer(request, misbehaviour)
  }
}

/** The answer with the status that a script sets. */
const told = (misbehaviour: Misbehaviour): OriginReply => ({
  status: misbehaviour.status ?? 500,
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from('As the script says.\n'),
  misbehaviour,
})
