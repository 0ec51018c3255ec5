/** The fake hub is right if the hub's own client can download from it and recognizes its errors. */
import { afterAll, beforeAll, expect } from 'bun:test'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { FakeHub } from '../../../support/fake-hub/fake-hub.ts'
import { testWith } from '../../../support/part.ts'
import { pythonPackages } from '../../../support/python-packages.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { runOfficialClient } from './official-client.ts'

const bytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff)
const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

const large = bytes(3_000_001)
const small = new TextEncoder().encode('{"model_type": "tiny"}\n')
const reader = 'hf_reader'
const stranger = 'hf_stranger'

const tools = await pythonPackages('huggingface_hub==2.4.0')
const python = tools === null ? null : join(tools, 'python')
let hub: FakeHub

beforeAll(async () => {
  hub = await FakeHub.start({
    pageSize: 2,
    tokens: [stranger],
    repos: [
      {
        id: 'acme/tiny',
        files: [
          { path: 'tiny-Q4_K_M.gguf', content: large },
          { path: 'config.json', content: small },
          { path: 'a folder/näme.txt', content: small },
        ],
      },
      { id: 'acme/gated', files: [{ path: 'm.gguf', content: small }], gated: 'manual', readers: [reader] },
      { id: 'acme/secret', files: [{ path: 'm.gguf', content: small }], private: true, readers: [reader] },
    ],
  })
  hub.repos.get('acme/tiny')?.oldIds.push('acme/former')
})
afterAll(() => hub.stop())

const judged = (title: string, body: (python: string) => Promise<void>): void =>
  testWith('huggingface_hub from PyPI', python !== null)(title, () => body(python ?? ''), 60_000)

const head = `
import hashlib, json, os, sys
from huggingface_hub import hf_hub_download, snapshot_download, HfApi
from huggingface_hub import errors
digest = lambda path: hashlib.sha256(open(path, 'rb').read()).hexdigest()
def refusal(ask):
    try: ask()
    except Exception as error: return type(error).__name__
`

for (const cache of [true, false]) {
  judged(
    `hf_hub_download gets a large and a small file${cache ? ', that by way of the cache' : ''}`,
    async (python) => {
      hub.resolveCache = cache
      const program = `${head}
print(json.dumps([digest(hf_hub_download('acme/tiny', name)) for name in ['tiny-Q4_K_M.gguf', 'config.json', 'a folder/näme.txt']]))`
      const sums = await runOfficialClient(python, program, { endpoint: hub.url, home: tempDir() })
      expect(sums).toEqual([sha256(large), sha256(small), sha256(small)])
    },
  )
}

judged('snapshot_download gets a whole repository over pages of its tree, and knows its commit', async (python) => {
  const program = `${head}
folder = snapshot_download('acme/tiny')
found = [os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names]
print(json.dumps({'commit': os.path.basename(folder), 'files': {name: digest(os.path.join(folder, name)) for name in sorted(found)}}))`
  const found = await runOfficialClient(python, program, { endpoint: hub.url, home: tempDir() })
  expect(found).toEqual({
    commit: hub.repos.get('acme/tiny')?.resolve('main') ?? '',
    files: { 'a folder/näme.txt': sha256(small), 'config.json': sha256(small), 'tiny-Q4_K_M.gguf': sha256(large) },
  })
})

judged('the tree has the sums, and the search the repositories', async (python) => {
  const program = `${head}
api = HfApi()
tree = {f.path: f.lfs.sha256 if f.lfs else f.blob_id for f in api.list_repo_tree('acme/tiny', recursive=True) if hasattr(f, 'blob_id')}
print(json.dumps({'tree': tree, 'search': [m.id for m in api.list_models(search='tin', filter='gguf', sort='downloads', limit=5)]}))`
  const found = await runOfficialClient(python, program, { endpoint: hub.url, home: tempDir() })
  const gitSha1 = createHash('sha1').update(`blob ${small.length}\0`).update(small).digest('hex')
  expect(found).toEqual({
    tree: { 'tiny-Q4_K_M.gguf': sha256(large), 'config.json': gitSha1, 'a folder/näme.txt': gitSha1 },
    search: ['acme/tiny'],
  })
})

judged('a renamed repository is found under its old name', async (python) => {
  const program = `${head}
print(json.dumps(digest(hf_hub_download('acme/former', 'tiny-Q4_K_M.gguf'))))`
  expect(await runOfficialClient(python, program, { endpoint: hub.url, home: tempDir() })).toBe(sha256(large))
})

judged('its client resumes after a connection that broke off', async (python) => {
  // It keeps partial downloads in steps of 10 MiB.
  const step = 10 * 1024 * 1024
  const content = Buffer.alloc(step + 1_500_000, 'resumed ')
  hub.add({ id: 'acme/long', files: [{ path: 'long.gguf', content }] })
  hub.behave = ({ kind, attempt, path }) =>
    kind === 'cdn' && path === 'long.gguf' && attempt === 1 ? { closeAfter: step + 700_000 } : null
  const program = `${head}
print(json.dumps(digest(hf_hub_download('acme/long', 'long.gguf'))))`
  const begun = hub.log.length
  expect(await runOfficialClient(python, program, { endpoint: hub.url, home: tempDir() })).toBe(sha256(content))
  hub.behave = () => null
  const ranges = hub.log.slice(begun).flatMap(({ server, headers }) => (server === 'cdn' ? [headers.get('range')] : []))
  expect(ranges).toEqual([null, `bytes=${step}-`])
})

judged('its client tells the refusals apart', async (python) => {
  const program = `${head}
ask = lambda repo, name, token=False, revision=None: refusal(lambda: hf_hub_download(repo, name, token=token, revision=revision))
print(json.dumps([
  ask('acme/gated', 'm.gguf'), ask('acme/gated', 'm.gguf', '${stranger}'), ask('acme/gated', 'm.gguf', '${reader}'),
  ask('acme/secret', 'm.gguf'), ask('acme/secret', 'm.gguf', '${stranger}'), ask('acme/secret', 'm.gguf', '${reader}'),
  ask('acme/none', 'm.gguf'), ask('acme/tiny', 'none.gguf'), ask('acme/tiny', 'config.json', False, 'none'),
]))`
  expect(await runOfficialClient(python, program, { endpoint: hub.url, home: tempDir() })).toEqual([
    'GatedRepoError',
    'GatedRepoError',
    null,
    // Its translation of a 401 without a code requires https, which loopback does not have.
    'HfHubHTTPError',
    'RepositoryNotFoundError',
    null,
    'HfHubHTTPError',
    'RemoteEntryNotFoundError',
    'RevisionNotFoundError',
  ])
})
