/** A queue of pulls on a folder of the test, with a hub, a registry and downloads that do what the test says. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelEntry } from '../../../../src/contract/models/model.ts'
import type { Pull } from '../../../../src/contract/models/pull.ts'
import { systemClock } from '../../../../src/lib/clock.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import type { HubRepository } from '../../../../src/models/hub/client/hub-client.ts'
import { PullQueue } from '../../../../src/models/pull/queue/pull-queue.ts'
import type { Registration } from '../../../../src/models/registry/registration.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { until } from '../../../support/until.ts'

export const requestOf = (id: string) => ({ repo: `acme/${id}`, file: `${id}.gguf` })
export const commit = 'c'.repeat(40)

/** What outlives a daemon: the disk, the hub, the registry. */
export class World {
  readonly folder = join(tempDir(), 'models')
  readonly entries = new Map<string, ModelEntry>()
  /** Ids whose turn has come, in that order, in all daemons: each begins by asking the hub. */
  readonly turns: string[] = []
  /** Commits that the hub was asked for. */
  readonly asked: string[] = []
  /** Ids whose download has begun: their records will not change any more. */
  readonly begun: string[] = []
  /** Commits that the hub has lost. */
  readonly lost = new Set<string>()
  /** What `main` is. */
  head = commit

  constructor() {
    mkdirSync(this.folder)
  }

  /** The next daemon. The one before is as good as killed when it was not closed and has nothing to do but wait for downloads. */
  async start(slots = 2): Promise<Life> {
    const life = new Life(this, slots)
    await life.queue.resume()
    return life
  }

  /** Ids in the records on the disk, in no order. */
  records(): string[] {
    return readdirSync(this.folder).flatMap((name) => /^\.pull-(.+)\.json$/.exec(name)?.[1] ?? [])
  }

  record(id: string): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.folder, `.pull-${id}.json`), 'utf8')) as Record<string, unknown>
  }

  repository(repo: string, revision: string): HubRepository {
    const id = repo.slice('acme/'.length)
    this.asked.push(revision)
    this.turns.push(id)
    if (this.lost.has(revision)) throw new Hal0Error('pull.not_found', 'There is no such revision.')
    const files = [{ path: `${id}.gguf`, size: 10, sha256: '0'.repeat(64), blobSha1: null }]
    return { repo, commit: revision === 'main' ? this.head : revision, gated: false, refused: [], files }
  }
}

export class Life {
  readonly queue: PullQueue
  readonly events: Pull[] = []
  /** Ends the download of a model. */
  readonly #ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  readonly #world: World

  constructor(world: World, slots: number) {
    this.#world = world
    this.queue = new PullQueue({
      folder: world.folder,
      slots,
      clock: systemClock,
      hasToken: async () => false,
      remember: async () => {
        // Nobody asks for it.
      },
      hub: { repository: async (repo, revision) => world.repository(repo, revision) },
      registry: {
        get: (id) => world.entries.get(id) ?? null,
        list: () => [],
        lost: () => [],
        filePaths: () => [],
        register: async (registration) => this.#register(registration),
      },
      download: (what, { signal }) => {
        const files = 'request' in what ? [] : what.files
        const id = (files[0]?.path ?? '').replace('.gguf', '')
        world.begun.push(id)
        return new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => {
            this.#ends.delete(id)
            reject(signal.reason as Error)
          })
          const done = files.map(({ path, size }) => ({ path, name: path, size, sha256: '0'.repeat(64) }))
          this.#ends.set(id, { resolve: () => resolve(done), reject })
        })
      },
    })
    this.queue.changed.subscribe((pull) => this.events.push(pull))
  }

  /** As `POST …/pull` does. */
  async ask(id: string, by = '*'): Promise<Pull> {
    const { job, accepted } = this.queue.begin(id, requestOf(id), by)
    await accepted
    return job.snapshot()
  }

  /** Lets the download of a model come to its end. */
  async finish(id: string, failure?: Error): Promise<void> {
    await until(`the download of ${id}`, () => this.#ends.has(id))
    const end = this.#ends.get(id)
    if (failure === undefined) end?.resolve()
    else end?.reject(failure)
    await until(`the end of ${id}`, () => !this.queue.isActive(id))
  }

  phase(id: string): string | null {
    return this.queue.find(id)?.snapshot().phase ?? null
  }

  /** Ids of those that wait, the next one first. */
  waiting(): string[] {
    const waiting = this.queue.list().filter(({ position }) => position !== null)
    return waiting.sort((a, b) => (a.position ?? 0) - (b.position ?? 0)).map(({ id }) => id)
  }

  #register({ id, files, source }: Registration): ModelEntry {
    const entry: ModelEntry = {
      id,
      name: id,
      kind: 'chat',
      files: files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
      source: { ...source, files: files.map(({ path }) => path) },
      architecture: 'llama',
      parameters: null,
      quantization: null,
      context_length: null,
      created_at: '2026-01-02T03:04:05Z',
    }
    this.#world.entries.set(id, entry)
    return entry
  }
}
