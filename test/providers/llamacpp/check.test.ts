import { expect, test } from 'bun:test'
import type { SlotPatch } from '../../../src/contract/slot-config.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { checkConfig } from '../../../src/providers/llamacpp/check.ts'
import { slotConfig } from '../../support/slot-config.ts'

const problem = (changes: SlotPatch): Hal0Error | null => {
  try {
    checkConfig(slotConfig(changes))
    return null
  } catch (error) {
    if (error instanceof Hal0Error && error.code === 'request.invalid') return error
    throw error
  }
}

const owned = [
  '--host --port --reuse-port --api-key --api-key-file --api-prefix --path --ssl-key-file --ssl-cert-file -m --model -mu --model-url',
  '-hf -hfr --hf-repo -hff --hf-file -hft --hf-token -hfd -hfv --hf-repo-v --spec-draft-hf -dr --docker-repo -a --alias',
  '--embedding --embeddings --rerank --reranking --mmproj -mm --mmproj-url -mmu --models-dir --models-preset --gpt-oss-20b-default',
].flatMap((line) => line.split(' '))

test.each(owned)('refuses %s in both notations, and names it', (flag) => {
  for (const extra_args of [[flag, 'x'], [`${flag}=x`], ['-t', '4', flag]]) {
    const error = problem({ extra_args })
    expect(error?.param).toBe('extra_args')
    expect(error?.message).toContain(flag)
  }
})

test('sees an owned flag through the underscores that llama.cpp takes for dashes', () => {
  expect(problem({ extra_args: ['--api_key', 'x'] })?.message).toContain('--api-key')
  expect(problem({ extra_args: ['--hf_repo=x'] })).not.toBeNull()
})

test('says which setting to use instead', () => {
  expect(problem({ extra_args: ['--port', '1'] })?.message).toBe("extra_args may not set --port: set the slot's port.")
})

test('leaves every other flag to the user', () => {
  const extra_args =
    '-t 4 -c 100 --jinja --hosts --portable --no-mmap --spec-default -ngl all --temp=0.1 -md /d.gguf constructor'.split(
      ' ',
    )
  expect(problem({ extra_args })).toBeNull()
})

test.each([
  ['extra_args', { extra_args: ['--temp\0', '1'] }],
  ['mmproj', { mmproj: '/a\0b' }],
  ['mmproj', { mmproj: '../mm.gguf' }],
  ['engine', { engine: '/a\0b' }],
  ['engine', { engine: './llama-server' }],
  ['engine', { engine: '../x' }],
  ['cache_type_v', { cache_type_v: 'q8_0', flash_attention: 'off' }],
] as [string, SlotPatch][])('refuses a bad %s (%j)', (param, changes) => {
  expect(problem(changes)?.param).toBe(param)
})

test.each([
  { mmproj: '/m/mm.gguf' },
  { mmproj: 'mmproj-tiny-f16' },
  { engine: '/usr/bin/llama-server' },
  { engine: 'llama.cpp-pypi-2026.10.1' },
  { cache_type_v: 'q8_0' },
  { cache_type_v: 'f16', flash_attention: 'off' },
] as SlotPatch[])('accepts %j', (changes) => {
  expect(problem(changes)).toBeNull()
})
