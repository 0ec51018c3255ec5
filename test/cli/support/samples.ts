/** Sample data as a daemon would send it. */

import type { Decision } from '../../../src/contract/logs/decision.ts'
import type { Model } from '../../../src/contract/models/model.ts'
import type { Pull, PullRequest } from '../../../src/contract/models/pull.ts'
import { repoOf } from '../../../src/contract/models/pull-place.ts'
import type { SlotRecord, SlotState } from '../../../src/contract/slot.ts'
import type { Slot, SlotPatch } from '../../../src/contract/slot-config.ts'
import { wireConfig } from '../../support/slot-config.ts'

export const record = (name: string, state: SlotState, changes: Partial<SlotRecord> = {}): SlotRecord => ({
  name,
  state,
  since: '2026-01-02T03:04:05.678Z',
  seq: 1,
  model: 'tiny',
  provider: 'llama.cpp',
  port: 8081,
  unit: `hal0-slot@${name}.service`,
  pid: state === 'offline' ? null : 4711,
  boot_id: null,
  reason: null,
  pull: null,
  error: null,
  intent: null,
  ...changes,
})

export const slot = (
  name: string,
  state: SlotState,
  { config = {}, state: changes = {} }: { config?: SlotPatch; state?: Partial<SlotRecord> } = {},
): Slot => ({
  config: wireConfig({ name, model: 'tiny', ...config }),
  state: record(name, state, changes),
  queue: { in_flight: 0, waiting: 0, oldest_s: null, expected_wait_s: null },
})

export const model = (id: string, changes: Partial<Model> = {}): Model => ({
  id,
  name: id,
  kind: 'chat',
  files: [{ path: `local--${id}/${id}.gguf`, size: 491_400_032, sha256: 'a'.repeat(64) }],
  source: null,
  architecture: 'qwen2',
  parameters: 494_032_768,
  quantization: 'Q4_K_M',
  context_length: 32_768,
  created_at: '2026-01-02T03:04:05Z',
  fit: null,
  ...changes,
})

export const decision = (id: number, changes: Partial<Decision> = {}): Decision => ({
  id,
  time: '2026-01-02T03:04:05.678Z',
  request_id: `req-${id}`,
  path: '/v1/chat/completions',
  caller: { kind: 'local', name: null, address: '127.0.0.1' },
  model: 'primary',
  candidates: [],
  slot: 'primary',
  reason: 'the name of a slot',
  state: 'ready',
  wait_ms: 0.2,
  load_ms: 0,
  queue_ms: 0,
  priority: 'interactive',
  position: null,
  first_byte_ms: 35,
  duration_ms: 1240,
  status: 200,
  outcome: 'ok',
  code: null,
  message: null,
  streamed: true,
  prompt_tokens: 12,
  cached_tokens: null,
  completion_tokens: 34,
  tokens_per_second: null,
  ...changes,
})

/** A pull that was accepted and has not begun. */
export const acceptedPull = (id: string, request: PullRequest): Pull => ({
  id,
  repo: repoOf(request),
  request,
  position: null,
  revision: null,
  files: [],
  bytes_total: null,
  bytes_received: 0,
  throughput_bps: null,
  elapsed_s: 0,
  eta_s: null,
  file: null,
  phase: 'resolving',
  error: null,
})
