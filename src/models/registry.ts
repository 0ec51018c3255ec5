/** The models on this machine. Answers from memory; the files are the entry store's business. */
import { randomBytes } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ModelEntry, ModelFile, ModelImport, ModelVerification, VerificationProgress } from '../contract/model.ts'
import type { Bus } from '../lib/bus.ts'
import { systemClock } from '../lib/clock.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import { makeFolder, sweepTemps } from '../system/atomic-file.ts'
import { errnoOf, storageError } from '../system/storage-error.ts'
import { commitEntry, entryPath, linkEntry, loadEntries, stagingPath, withdrawEntry } from './entry-store.ts'
import { type GgufHeader, readGgufHeader } from './gguf.ts'
import { bringIn } from './import-files.ts'
import { planImport } from './import-plan.ts'
import { modelFacts } from './model-facts.ts'
import type { ModelService, VerificationNews } from './registry-port.ts'
import { Verifications } from './verifications.ts'

/** A model whose files lie ready. */
export interface Registration {
  id: string
  /** First shard first. */
  files: (ModelFile & {
    /** Absolute path of where it lies now, with its sidecar. */
    from: string
  })[]
  source: NonNullable<ModelEntry['source']>
}

const readHeaders = async (paths: readonly string[]): Promise<GgufHeader[]> => {
  const headers: GgufHeader[] = []
  for (const path of paths) headers.push(await readGgufHeader(path))
  return headers
}

export class ModelRegistry implements ModelService {
  readonly #folder: string
  readonly #entries: Map<string, ModelEntry>
  readonly #problems: readonly string[]
  /** Ids that an import or a removal is working on. */
  readonly #busy = new Set<string>()
  readonly #verifications: Verifications

  private constructor(folder: string, entries: Map<string, ModelEntry>, problems: readonly string[]) {
    this.#folder = folder
    this.#entries = entries
    this.#problems = problems
    this.#verifications = new Verifications(folder, systemClock)
  }

  /**
   * Opens the registry in `folder` (made when missing) and removes what an interrupted daemon left there.
   * @throws Hal0Error `storage.failed`; an entry that cannot be read is one of `problems()` instead
   */
  static async open(folder: string): Promise<ModelRegistry> {
    await makeFolder(folder).catch((error: unknown) => {
      throw storageError(error, folder, 'make the models folder')
    })
    await sweepTemps(folder)
    const { entries, problems } = await loadEntries(folder)
    return new ModelRegistry(folder, entries, problems)
  }

  /** What `open` found wrong, in sentences. */
  problems(): string[] {
    return [...this.#problems]
  }

  get(id: string): ModelEntry | null {
    return this.#entries.get(id) ?? null
  }

  list(): ModelEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  filePaths(entry: ModelEntry): string[] {
    return entry.files.map((file) => join(this.#folder, file.path))
  }

  async import(request: ModelImport): Promise<ModelEntry> {
    const plan = await planImport(request)
    const { id } = plan
    return this.#alone(id, async () => {
      const folder = `local--${id}`
      await this.#refuseTaken(id, folder)
      const staging = stagingPath(this.#folder, randomBytes(8).toString('hex'))
      try {
        await mkdir(staging).catch((error: unknown) => {
          throw storageError(error, staging, `import ${request.path}`)
        })
        const files = await bringIn(plan.sources, staging, folder, request.link ?? false)
        const entry = { id, ...plan.facts, files, source: null, created_at: new Date().toISOString() }
        await commitEntry(this.#folder, entry, staging, folder)
        this.#entries.set(id, entry)
        return entry
      } finally {
        // Gone already when the import succeeded.
        await rm(staging, { recursive: true, force: true }).catch((error: unknown) => {
          log.warn(`could not remove ${staging}; the next start will`, error)
        })
      }
    })
  }

  /**
   * Registers files that were downloaded and verified.
   * @throws Hal0Error `model.exists`, `model.invalid_file`, `storage.full`, `storage.failed`
   */
  register({ id, files, source }: Registration): Promise<ModelEntry> {
    return this.#alone(id, async () => {
      const [first, ...rest] = await readHeaders(files.map(({ from }) => from))
      if (first === undefined) throw new Hal0Error('internal', `The model ${id} has no files.`)
      const entry: ModelEntry = {
        id,
        ...modelFacts([first, ...rest], basename(files[0]?.path ?? ''), id),
        files: files.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
        source,
        created_at: new Date().toISOString(),
      }
      await linkEntry(
        this.#folder,
        entry,
        files.map(({ from }) => from),
        this.#entries.values(),
      )
      this.#entries.set(id, entry)
      return entry
    })
  }

  get verifications(): Bus<VerificationNews> {
    return this.#verifications.changed
  }

  async verify(id: string, client?: AbortSignal): Promise<ModelVerification> {
    return this.#verifications.verify(this.#require(id), client)
  }

  verifying(id: string): VerificationProgress | null {
    return this.#verifications.progress(id)
  }

  /** Ends the verifications under way, for which requests wait. */
  close(): void {
    this.#verifications.close()
  }

  async remove(id: string, usedBy: string[]): Promise<void> {
    const entry = this.#require(id)
    if (usedBy.length > 0) {
      const sentence = `The model ${id} is in use by: ${usedBy.join(', ')}. Give these slots another model, or delete them, first.`
      throw new Hal0Error('model.in_use', sentence, { details: { id, slots: usedBy } })
    }
    await this.#alone(id, async () => {
      this.#entries.delete(id)
      try {
        await withdrawEntry(this.#folder, entry, this.#entries.values())
      } catch (error) {
        if (await exists(entryPath(this.#folder, id))) this.#entries.set(id, entry)
        throw error
      }
      this.#verifications.forget(id)
    })
  }

  #require(id: string): ModelEntry {
    const entry = this.#entries.get(id)
    if (entry !== undefined) return entry
    throw new Hal0Error('model.not_found', `There is no model ${id}. \`hal0 model list\` shows what there is.`, {
      details: { id, models: this.list().map((known) => known.id) },
    })
  }

  /** Runs `work` with the id reserved. @throws Hal0Error `model.exists` while another import or removal has it */
  async #alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy.has(id)) {
      throw new Hal0Error(
        'model.exists',
        `The model ${id} is being imported or removed right now. Try again when that is done.`,
        {
          details: { id },
        },
      )
    }
    this.#busy.add(id)
    try {
      return await work()
    } finally {
      this.#busy.delete(id)
    }
  }

  async #refuseTaken(id: string, folder: string): Promise<void> {
    if (this.#entries.has(id)) {
      throw new Hal0Error(
        'model.exists',
        `There is a model ${id} already. Choose another id, or remove that one first.`,
        {
          param: 'id',
          details: { id },
        },
      )
    }
    // An entry that could not be read, or a folder without one: somebody's, so it is not touched.
    for (const path of [entryPath(this.#folder, id), join(this.#folder, folder)]) {
      if (!(await exists(path))) continue
      const sentence = `${path} is in the way of a model ${id}. Choose another id, or move that away and restart hal0.`
      throw new Hal0Error('model.exists', sentence, { param: 'id', details: { id, path } })
    }
  }
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw storageError(error, path, 'look into the model registry')
  }
}
