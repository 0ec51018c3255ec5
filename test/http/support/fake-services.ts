/** In-memory stand-ins for the other services behind the HTTP layer. */
import type { Engine } from '../../../src/contract/engine.ts'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import type { Why } from '../../../src/contract/logs/why.ts'
import type { ModelEntry, VerificationProgress } from '../../../src/contract/models/model.ts'
import type {
  HubHit,
  HubReference,
  HubRepository,
  ModelDrift,
  Pull,
  PullLeftover,
} from '../../../src/contract/models/pull.ts'
import type { Settings } from '../../../src/contract/settings.ts'
import type { DecisionLog, DecisionPage, DecisionQuery } from '../../../src/dispatch/decisions/decision-log.ts'
import { Bus } from '../../../src/lib/async/bus.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { PullService } from '../../../src/models/pull/pull-port.ts'
import type { ModelService, VerificationNews } from '../../../src/models/registry/registry-port.ts'
import type { Asking, WhyService } from '../../../src/observability/why/explainer.ts'
import type { EngineService } from '../../../src/providers/engines/engine-service.ts'
import type { SettingsService } from '../../../src/system/config/settings.ts'

export const tiny: ModelEntry = {
  id: 'tiny',
  name: 'Tiny',
  kind: 'chat',
  files: [{ path: 'local--tiny/tiny.gguf', size: 491_520, sha256: '0'.repeat(64) }],
  source: null,
  architecture: 'llama',
  parameters: 100_000,
  quantization: 'F32',
  context_length: 2048,
  created_at: '2026-01-02T03:04:05.678Z',
}

export class FakeModels implements ModelService {
  readonly entries = new Map<string, ModelEntry>([['tiny', tiny]])

  get(id: string): ModelEntry | null {
    return this.entries.get(id) ?? null
  }

  list(): ModelEntry[] {
    return [...this.entries.values()]
  }

  filePaths(): string[] {
    return []
  }

  format(): string {
    return 'gguf'
  }

  lost(): string[] {
    return []
  }

  async import(): Promise<ModelEntry> {
    return tiny
  }

  readonly verifications = new Bus<VerificationNews>()
  /** What `verifying` answers. */
  underWay: VerificationProgress | null = null

  verifying(): VerificationProgress | null {
    return this.underWay
  }

  async verify(id: string): Promise<{ id: string; ok: boolean; files: [] }> {
    if (!this.entries.has(id)) throw new Hal0Error('model.not_found', 'There is none.')
    return { id, ok: true, files: [] }
  }

  async remove(id: string, usedBy: string[]): Promise<void> {
    if (!this.entries.has(id)) throw new Hal0Error('model.not_found', 'There is none.')
    if (usedBy.length > 0) {
      throw new Hal0Error('model.in_use', `Used by ${usedBy.join(', ')}.`, { details: { slots: usedBy } })
    }
    this.entries.delete(id)
  }
}

const pull: Pull = {
  id: 'tiny',
  request: { repo: 'owner/repo', file: 'x.gguf' },
  position: null,
  repo: 'owner/repo',
  revision: 'a'.repeat(40),
  files: [{ path: 'x.gguf', size: 10, received: 5 }],
  bytes_total: 10,
  bytes_received: 5,
  throughput_bps: 5,
  elapsed_s: 1,
  eta_s: 1,
  file: 'x.gguf',
  phase: 'downloading',
  error: null,
}

export class FakePulls implements PullService {
  readonly changed = new Bus<Pull>()

  async start(id: string): Promise<Pull> {
    return { ...pull, id }
  }

  async update(id: string): Promise<Pull> {
    return this.get(id)
  }

  list(): Pull[] {
    return [pull]
  }

  get(id: string): Pull {
    if (id !== pull.id) throw new Hal0Error('pull.not_found', `There was no pull of ${id}.`)
    return pull
  }

  async cancel(id: string): Promise<Pull> {
    return { ...this.get(id), phase: 'cancelled' }
  }

  async leftovers(): Promise<PullLeftover[]> {
    return [{ id: 'old', kind: 'pull', bytes: 5, active: false }]
  }

  clearLeftovers(): Promise<PullLeftover[]> {
    return this.leftovers()
  }

  async outdated(): Promise<ModelDrift[]> {
    return [{ id: 'tiny', repo: 'owner/repo', revision: 'a'.repeat(40), outdated: false, files: [], problem: null }]
  }

  async search(): Promise<HubHit[]> {
    return [{ repo: 'owner/repo', downloads: 1, gated: false, architecture: 'llama', context_length: 2048 }]
  }

  reference(): HubReference {
    return { repo: 'owner/repo', revision: null, file: ':Q4_K_M', folder: null }
  }

  async repository(repo: string): Promise<HubRepository> {
    return { repo, revision: 'a'.repeat(40), gated: false, models: [], wanted: [], mmproj: [], problem: null }
  }
}

const engine: Engine = {
  id: 'llama.cpp-pypi-1',
  provider: 'llama.cpp',
  source: 'pypi',
  version: '1',
  path: '/engines/llama.cpp-pypi-1/llama-server',
  default: true,
  installed_at: null,
}

export class FakeEngines implements EngineService {
  async list(): Promise<Engine[]> {
    return [engine]
  }

  async install(): Promise<Engine> {
    return engine
  }

  async use(): Promise<Engine> {
    return engine
  }

  async remove(id: string): Promise<void> {
    if (id !== engine.id) throw new Hal0Error('engine.not_found', `There is no engine "${id}".`)
  }

  async find(): Promise<Engine> {
    return engine
  }
}

const settings: Settings = {
  file: '/etc/hal0/hal0.toml',
  values: {
    host: '127.0.0.1',
    port: 8080,
    supervisor: 'auto',
    allowed_hosts: [],
    auth: 'auto',
    behind_proxy: [],
    cors_origins: [],
    max_body_mb: 64,
    body_memory_mb: 256,
    drain_s: 10,
    slots: { ports: '8081-8099' },
    engines: { 'llama.cpp': null },
    hub: { mirrors: [], token: 'none' },
    update: { url: null },
    decisions: { keep: 100_000, keep_days: 90, keep_mb: 256 },
  },
  set: [],
  overridden: [],
  restart_needed: false,
  problems: [],
}

export class FakeSettings implements SettingsService {
  async show(): Promise<Settings> {
    return settings
  }

  async edit(): Promise<Settings> {
    return settings
  }
}

export const decisionOf = (id: number): Decision => ({
  id,
  time: '2026-01-02T03:04:05.678Z',
  request_id: `r${id}`,
  path: '/v1/chat/completions',
  caller: { kind: 'local', name: null, address: '127.0.0.1' },
  model: 'primary',
  candidates: ['tiny'],
  slot: 'primary',
  reason: 'the name of a slot',
  state: 'ready',
  wait_ms: 0.1,
  load_ms: 0,
  queue_ms: 0,
  priority: 'interactive',
  position: null,
  first_byte_ms: 2,
  duration_ms: 3,
  status: 200,
  outcome: 'ok',
  code: null,
  message: null,
  streamed: false,
  prompt_tokens: 1,
  cached_tokens: null,
  completion_tokens: 1,
  tokens_per_second: null,
})

export class FakeDecisions implements DecisionLog {
  readonly added = new Bus<Decision>()
  readonly queries: DecisionQuery[] = []
  kept: Decision[] = []

  async list(query: DecisionQuery): Promise<DecisionPage> {
    this.queries.push(query)
    const { after = 0, before = Number.POSITIVE_INFINITY, limit = 100 } = query
    const wanted = this.kept.filter(({ id }) => id > after && id < before).reverse()
    const decisions = wanted.slice(0, limit)
    return { decisions, next: wanted.length > limit ? (decisions.at(-1)?.id ?? null) : null }
  }

  add(decision: Decision): void {
    this.kept.push(decision)
    this.added.publish(decision)
  }
}

export class FakeWhy implements WhyService {
  readonly askings: Asking[] = []
  readonly asked = (asking: Asking): void => void this.askings.push(asking)

  async explain(): Promise<Why> {
    return { sentences: ['It is so.'], events: [] }
  }
}
