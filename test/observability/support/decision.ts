import type { Decision } from '../../../src/contract/logs/decision.ts'

/** A decision as any other, with some of it changed. */
export const decision = (more: Partial<Decision> = {}): Decision => ({
  id: 0,
  time: '2026-01-02T03:04:05.678Z',
  request_id: 'abc',
  path: '/v1/chat/completions',
  caller: { kind: 'local', name: null, address: '127.0.0.1' },
  model: 'gpt-4o',
  candidates: ['tiny', 'big'],
  slot: 'primary',
  reason: 'alias of primary',
  state: 'ready',
  wait_ms: 0.25,
  load_ms: 0,
  queue_ms: 0.125,
  first_byte_ms: 1.5,
  duration_ms: 2.5,
  status: 200,
  outcome: 'ok',
  code: null,
  streamed: true,
  prompt_tokens: 5,
  cached_tokens: 2,
  completion_tokens: null,
  tokens_per_second: 41.5,
  ...more,
})
