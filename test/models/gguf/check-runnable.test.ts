/** Files with a valid header that are not models: the same for imports, pulls and registrations. */
import { expect, test } from 'bun:test'
import { attentionOf } from '../../../src/models/gguf/attention.ts'
import { checkRunnableModel, checkRunnablePart } from '../../../src/models/gguf/check-runnable.ts'
import type { GgufHeader } from '../../../src/models/gguf/header.ts'

const sound: GgufHeader = {
  version: 3,
  architecture: 'llama',
  name: null,
  type: 'model',
  fileType: 4711,
  contextLength: 2048,
  attention: attentionOf(new Map(), ''),
  embeddingLength: null,
  projectionDim: null,
  poolingType: null,
  splitNo: null,
  splitCount: null,
  tensors: 3,
  parameters: 100,
  parametersByType: new Map([[399, 100]]),
  dataBytes: 100,
}
const why = (...parts: Partial<GgufHeader>[]): string | null => {
  try {
    checkRunnableModel(
      'x.gguf',
      parts.map((part) => ({ ...sound, ...part })),
    )
    return null
  } catch (error) {
    return (error as Error).message
  }
}

const refused: Record<string, [Partial<GgufHeader>[], string]> = {
  'a LoRA adapter': [[{ type: 'adapter' }], 'a LoRA adapter, not a model'],
  'an importance matrix': [[{ type: 'imatrix', architecture: null }], 'an importance matrix, not a model'],
  'a control vector': [[{ architecture: 'controlvector' }], 'a control vector, not a model'],
  'a vocabulary': [[{ tensors: 0 }], 'it holds no tensors'],
  'a lone shard': [[{ splitNo: 1, splitCount: 3 }], 'it is part 2 of 3, and its name does not say so'],
  'shards in a wrong order': [
    [
      { splitNo: 1, splitCount: 2 },
      { splitNo: 0, splitCount: 2 },
    ],
    'shard 1 is shard 2',
  ],
  'too few shards': [
    [
      { splitNo: 0, splitCount: 3 },
      { splitNo: 1, splitCount: 3 },
    ],
    'it is part 1 of 3',
  ],
  'no architecture': [[{ architecture: null }], 'names no architecture'],
  'an architecture that is no word': [[{ architecture: 'a b\n' }], 'names no architecture'],
  'what makes images': [[{ architecture: 'flux' }], 'it makes images or videos (flux)'],
  'what makes videos': [[{ architecture: 'wan' }], 'it makes images or videos (wan)'],
}
for (const [what, [parts, sentence]] of Object.entries(refused)) {
  test(`${what} is refused`, () => expect(why(...parts)).toContain(sentence))
}

const accepted: Record<string, Partial<GgufHeader>[]> = {
  'a model with types of files and tensors that nobody knows': [{}],
  'an architecture of the future': [{ architecture: 'llama9-moe' }],
  'a model that does not say what it is': [{ type: null }],
  'a projector by itself': [{ type: 'mmproj', architecture: 'clip' }],
  'shards of which the first has only metadata': [
    { splitNo: 0, splitCount: 2, tensors: 0 },
    { splitNo: 1, splitCount: 2 },
  ],
  'one file that was split into one part': [{ splitNo: 0, splitCount: 1 }],
}
for (const [what, parts] of Object.entries(accepted)) {
  test(`${what} is accepted`, () => expect(why(...parts)).toBeNull())
}

test('a file requested as a projector has to be one', () => {
  const part = { index: 0, count: 1, isProjector: true }
  expect(() => checkRunnablePart('x.gguf', sound, part)).toThrow(
    'it is not a vision projector: its architecture is llama',
  )
  expect(() => checkRunnablePart('x.gguf', { ...sound, architecture: 'clip' }, part)).not.toThrow()
})
