/** A slot's configuration and a model entry with everything at its default. */
import type { ModelEntry } from '../../src/contract/models/model.ts'
import { type SlotConfig, slotDefaults } from '../../src/contract/slot.ts'

export const slotConfig = (changes: Partial<SlotConfig> = {}): SlotConfig => ({
  name: 'primary',
  port: 8081,
  ...slotDefaults,
  aliases: [],
  extra_args: [],
  ...changes,
})

export const modelEntry = (changes: Partial<ModelEntry> = {}): ModelEntry => ({
  id: 'tiny',
  name: 'Tiny',
  kind: 'chat',
  files: [{ path: 'local--tiny/tiny.gguf', size: 1, sha256: '0'.repeat(64) }],
  source: null,
  architecture: 'llama',
  parameters: 1,
  quantization: null,
  context_length: 512,
  created_at: '2026-01-01T00:00:00.000Z',
  ...changes,
})
