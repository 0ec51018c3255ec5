/** What a package is to the rest: requests that mean the same, entries that are pulled again, and nothing that is ever outdated. */
import { expect, test } from 'bun:test'
import { ModelEntry } from '../../../../src/contract/models/model.ts'
import { PullRequest } from '../../../../src/contract/models/pull.ts'
import { repoRef } from '../../../../src/lib/hub/names.ts'
import { problemsOf } from '../../../../src/lib/validate.ts'
import { driftOf, updateOf } from '../../../../src/models/hub/offers/drift.ts'
import { isSameSource, requestOf, sameRequest } from '../../../../src/models/registry/identity.ts'
import { safeRef } from '../../../../src/models/registry/placement.ts'
import { member, requestFor, wheelOf } from './fixture.ts'

const request = requestFor(wheelOf())
const hub = { repo: 'acme/tiny-GGUF', file: 'tiny.gguf' }
const entry: ModelEntry = {
  id: 'tiny',
  name: 'Tiny',
  kind: 'chat',
  files: [{ path: `pypi--tiny-model/${member}`, size: request.size, sha256: request.sha256 }],
  source: { repo: 'pypi:tiny-model', revision: '1.0', files: [member], package: request.package },
  architecture: 'llama',
  parameters: null,
  quantization: null,
  context_length: null,
  created_at: '2026-01-02T03:04:05Z',
}

test('an entry of a package conforms to the schema, and is readable without the key that is new', () => {
  expect(problemsOf(ModelEntry, entry)).toEqual([])
  const { package: _, ...source } = entry.source as NonNullable<ModelEntry['source']>
  expect(problemsOf(ModelEntry, { ...entry, source })).toEqual([])
})

test('an entry says how to pull it again, exactly', () => {
  expect(requestOf(entry, null)).toEqual(request)
})

test('requests are the same if they pin the same bytes', () => {
  expect(sameRequest(request, { ...request, replace: true })).toBe(true)
  expect(sameRequest(request, { ...request, sha256: 'a'.repeat(64) })).toBe(false)
  expect(sameRequest(request, hub)).toBe(false)
  expect(isSameSource(hub, { ...hub, revision: 'v2' })).toBe(true)
  expect(isSameSource(request, { ...request, package: { ...request.package, version: '2.0' } })).toBe(false)
})

test('a package is never outdated, and the hub is not asked about it', async () => {
  const asked = { repository: () => Promise.reject(new Error('the hub was asked')) }
  expect(await driftOf(asked, entry)).toBeNull()
  expect(() => updateOf(entry, { get: () => null, list: () => [] })).toThrow('That version never changes')
})

test('the files of a package have a folder of their own', () => {
  expect([safeRef(repoRef('pypi:tiny-model')), safeRef(repoRef('acme/tiny-GGUF'))]).toEqual([
    'pypi--tiny-model',
    'acme--tiny-GGUF',
  ])
})

test.each([
  [{ ...request, package: { ...request.package, index: 'npm' } }, 'package.index'],
  [{ ...request, package: { ...request.package, name: 'Tiny_Model' } }, 'package.name'],
  [{ ...request, package: { ...request.package, version: '../1' } }, 'package.version'],
  [{ ...request, file: 'a/../../x.gguf' }, 'file'],
  [{ ...request, file: 'x.bin' }, 'file'],
  [{ ...request, sha256: 'abc' }, 'sha256'],
  [{ ...request, repo: 'acme/tiny' }, 'repo'],
  [{ ...hub, mmproj: 'yes' }, 'mmproj'],
  [{ repo: 'acme/tiny' }, 'file'],
])('of a wrong request, the problems are those of the form that it is meant to have', (wrong, field) => {
  expect(problemsOf(PullRequest, wrong).map((problem) => problem.field)).toEqual([field])
})
