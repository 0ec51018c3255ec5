/** The models on this machine. Answers from memory; entry-store.ts handles the files. */
import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { ModelEntry, ModelImport, ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import type { Bus } from '../../lib/async/bus.ts'
import { Mutex } from '../../lib/async/mutex.ts'
import { systemClock } from '../../lib/clock.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { modelId } from '../../lib/hub/names.ts'
import { makeFolder, sweepTemps } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { formatOf } from '../formats/table.ts'
import { bringIn } from '../import/import-files.ts'
import { type ImportRules, planImport, usualRules } from '../import/import-plan.ts'
import { inStaging } from '../import/in-staging.ts'
import { entryPath, pathBelow, stagingPath } from '../naming/model-paths.ts'
import { commitEntry, commitLinked, withdrawEntry } from './entry-commit.ts'
import { discard, type LoadedEntries, loadEntries, pathsOf } from './entry-store.ts'
import { lostFiles } from './lost-files.ts'
import { planRegistration, type Registration, readFacts } from './registration.ts'
import { RegistryLeftovers } from './registry-leftovers.ts'
import type { ModelService, VerificationNews } from './registry-port.ts'
import { type ModelUse, RetiredModels } from './retired-models.ts'
import { Verifications } from './verifications.ts'

export class ModelRegistry implements ModelService {
  readonly #folder: string
  readonly #entries: Map<string, ModelEntry>
  readonly #problems: readonly string[]
  readonly #rules: ImportRules
  /** Ids that an import or a removal is working on. */
  readonly #busy = new Set<string>()
  /** Only one change on the disk at a time, since where files go depends on what is there. */
  readonly #changes = new Mutex()
  readonly #retired: RetiredModels
  /** Files on the disk that belong to no model. */
  readonly leftovers: RegistryLeftovers
  readonly #verifications: Verifications

  private constructor(folder: string, { entries, retired, problems }: LoadedEntries, rules: ImportRules) {
    this.#folder = folder
    this.#rules = rules
    this.#entries = entries
    this.#problems = problems
    this.#retired = new RetiredModels(retired, pathsOf(entries.values()), (former) =>
      this.#changes.run(async () => {
        // An unreadable entry may have these files too.
        if (this.#problems.length > 0) throw new Hal0Error('storage.failed', this.#problems[0] ?? '')
        await discard(folder, former, this.#othersThan(former.entry))
      }),
    )
    const [changes, complete] = [this.#changes, problems.length === 0]
    this.leftovers = new RegistryLeftovers({ folder, changes, entries, retired: this.#retired, complete })
    this.#verifications = new Verifications(folder, systemClock)
  }

  /**
   * Opens the registry in `folder` (created if missing) and removes what an interrupted daemon left there.
   * @throws Hal0Error `storage.failed`; an unreadable entry is reported in `problems()` instead
   */
  static async open(folder: string, rules: ImportRules = usualRules): Promise<ModelRegistry> {
    await makeFolder(folder).catch((error: unknown) => {
      throw storageError(error, folder, 'make the models folder')
    })
    await sweepTemps(folder)
    return new ModelRegistry(folder, await loadEntries(folder), rules)
  }

  /** Problems that `open` found, in sentences. */
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
    return entry.files.map((file) => pathBelow(this.#folder, file.path))
  }

  async import(request: ModelImport): Promise<ModelEntry> {
    const plan = await planImport(request, this.#rules)
    const { id } = plan
    return this.#withReservedId(id, async () => {
      const folder = `local--${id}`
      await this.#refuseTaken(id, folder)
      const staging = stagingPath(this.#folder, randomBytes(8).toString('hex'))
      return inStaging(staging, `import ${request.path}`, async () => {
        const files = await bringIn(plan.sources, staging, folder, request.link ?? false)
        const entry = { id, ...plan.facts, files, source: null, created_at: new Date().toISOString() }
        await this.#changes.run(async () => {
          await this.#refuseTaken(id, folder)
          await commitEntry(this.#folder, entry, staging, folder)
          this.#entries.set(id, entry)
        })
        return entry
      })
    })
  }

  /**
   * Registers downloaded and verified files, with their projector. The files that they replace are removed once no slot runs them.
   * @throws Hal0Error `model.exists`, `model.invalid_file`, `storage.full`, `storage.failed`; then nothing has changed
   */
  register(registration: Registration): Promise<ModelEntry> {
    return this.#withReservedId(registration.id, async () => {
      const facts = await readFacts(registration, this.#rules.formats)
      const entry = await this.#changes.run(async () => {
        const all = [...this.#entries.values(), ...this.#retired.entries()]
        const planned = await planRegistration(registration, facts, {
          folder: this.#folder,
          get: (id) => this.get(id),
          isBusy: (id) => id !== registration.id && this.#busy.has(id),
          isWhole: (one) => this.lost(one).length === 0,
          all,
        })
        const retired = await commitLinked(this.#folder, planned, all)
        for (const { entry: made } of planned) this.#entries.set(made.id, made)
        this.#retired.add(retired, pathsOf(this.#entries.values()))
        return planned[0].entry
      })
      await this.#retired.sweep()
      return entry
    })
  }

  format({ files }: ModelEntry): string {
    return formatOf(files[0]?.path ?? '', this.#rules.formats).name
  }

  lost(entry: ModelEntry): string[] {
    return lostFiles(this.#folder, entry)
  }

  /** From now on, files of replaced models are removed once no slot runs them. Call it once, when it is known what runs. */
  watch(use: ModelUse): void {
    this.#retired.watch(use)
  }

  #othersThan(former: ModelEntry): ModelEntry[] {
    return [...this.#entries.values(), ...this.#retired.entries().filter((entry) => entry !== former)]
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

  /** Ends the verifications under way, so that requests do not wait for them. */
  close(): void {
    this.#verifications.close()
  }

  async remove(id: string, usedBy: string[]): Promise<void> {
    const entry = this.#require(id)
    if (usedBy.length > 0) {
      const sentence = `The model ${id} is in use by: ${usedBy.join(', ')}. First give these slots another model, or delete them.`
      throw new Hal0Error('model.in_use', sentence, { details: { id, slots: usedBy } })
    }
    await this.#withReservedId(id, async () => {
      await this.#changes.run(async () => {
        this.#entries.delete(id)
        try {
          await withdrawEntry(this.#folder, entry, this.#othersThan(entry))
        } catch (error) {
          if (await exists(entryPath(this.#folder, modelId(id)))) this.#entries.set(id, entry)
          throw error
        }
      })
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

  /** Runs `work` with the id reserved. @throws Hal0Error `model.exists` while another import or removal uses the id */
  async #withReservedId<T>(id: string, work: () => Promise<T>): Promise<T> {
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
        `There is already a model ${id}. Choose another id, or remove that one first.`,
        {
          param: 'id',
          details: { id },
        },
      )
    }
    // An unreadable entry, or a folder without an entry, belongs to somebody, so it is not touched.
    for (const path of [entryPath(this.#folder, modelId(id)), pathBelow(this.#folder, folder)]) {
      if (!(await exists(path))) continue
      const sentence = `${path} is in the way of the model ${id}. Choose another id, or move that file away and restart hal0.`
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
