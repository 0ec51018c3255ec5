import { expect, test } from 'bun:test'
import { HubClient } from '../../../src/models/hub/client/hub-client.ts'
import { hubOrigin, remoteFiles } from '../../../src/models/pull/thread/hub-origin.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'

const sha256 = 'a'.repeat(64)
const blobSha1 = 'b'.repeat(40)
const tiny = { repo: 'acme/tiny', gated: false }

test('files to pull have the hub’s own sum', () => {
  const large = { path: 'a.gguf', size: 5, sha256, blobSha1: null }
  const small = { path: 'b.json', size: 6, sha256: null, blobSha1 }
  expect(remoteFiles(tiny, [large, small], false)).toEqual([
    { path: 'a.gguf', size: 5, sum: { kind: 'sha256', hex: sha256 } },
    { path: 'b.json', size: 6, sum: { kind: 'git-sha1', hex: blobSha1 } },
  ])
})

test('a hidden sum means no access, and no sum means nothing to trust', () => {
  const hidden = { path: 'a.gguf', size: 5, sha256: null, blobSha1: null }
  const of = (gated: boolean) => () => remoteFiles({ ...tiny, gated }, [hidden], false)
  expect(of(true)).toThrow(expect.objectContaining({ code: 'pull.gated' }))
  expect(of(true)).toThrow('https://huggingface.co/acme/tiny')
  expect(of(false)).toThrow(expect.objectContaining({ code: 'pull.network' }))
})

test('an origin stays at its commit when the branch moves on', async () => {
  const hub = await FakeHub.start({
    repos: [{ id: 'acme/tiny', files: [{ path: 'a.gguf', content: Buffer.from('old') }] }],
  })
  try {
    const endpoints = [{ url: hub.url, takesToken: true }]
    const client = new HubClient({ fetch, endpoints, token: async () => null, offline: false, now: Date.now })
    const { signal } = new AbortController()
    const origin = hubOrigin(client, await client.repository('acme/tiny', 'main', signal))
    hub.repos.get('acme/tiny')?.commit([{ path: 'a.gguf', content: Buffer.from('new') }])
    const { status, body } = await origin.open('a.gguf', 1, 3, signal)
    expect([status, await new Response(body).text()]).toEqual([206, 'ld'])
  } finally {
    await hub.stop()
  }
})
