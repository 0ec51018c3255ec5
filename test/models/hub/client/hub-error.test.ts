import { expect, test } from 'bun:test'
import { type HubQuery, hubError } from '../../../../src/models/hub/client/hub-error.ts'

const asked: HubQuery = {
  repo: 'acme/tiny',
  revision: 'main',
  path: 'a.gguf',
  token: null,
  origin: 'https://hub.example',
  isHub: true,
}
const error = (status: number, headers: Record<string, string> = {}, changes: Partial<HubQuery> = {}) =>
  hubError(status, new Headers(headers), { ...asked, ...changes }, 0)

const gated = { 'x-error-code': 'GatedRepo' }
const page = 'https://huggingface.co/acme/tiny'

test.each([
  [401, gated, {}, 'pull.gated'],
  [403, gated, { token: 'hf_t' }, 'pull.gated'],
  [401, {}, {}, 'pull.unauthorized'],
  [401, {}, { token: 'hf_t' }, 'pull.unauthorized'],
  [403, {}, { token: 'hf_t' }, 'pull.unauthorized'],
  [401, {}, { repo: null, path: null }, 'pull.unauthorized'],
  [404, { 'x-error-code': 'RepoNotFound' }, { token: 'hf_t' }, 'pull.not_found'],
  [404, { 'x-error-code': 'EntryNotFound' }, {}, 'pull.not_found'],
  [404, { 'x-error-code': 'RevisionNotFound' }, {}, 'pull.not_found'],
  [404, {}, {}, 'pull.not_found'],
  [429, {}, {}, 'pull.rate_limited'],
  [408, {}, {}, 'pull.network'],
  [500, {}, {}, 'pull.network'],
  [503, {}, {}, 'pull.network'],
  [418, {}, {}, 'pull.network'],
  // What the storage says about its own address says nothing about the repository.
  [403, {}, { isHub: false }, 'pull.network'],
  [404, {}, { isHub: false }, 'pull.network'],
  [401, gated, { isHub: false }, 'pull.network'],
  [429, {}, { isHub: false }, 'pull.rate_limited'],
] as const)('HTTP %d with %j, asked with %j, is %s', (status, headers, changes, code) => {
  const found = error(status, headers, changes)
  expect(found.code).toBe(code)
  expect(found.details.status).toBe(status)
})

test('gated names the page for requesting access, and what to do next with and without a token', () => {
  const anonymous = error(401, gated)
  expect(anonymous.message).toContain(page)
  expect(anonymous.message).toContain('hal0 config token')
  expect(anonymous.details.page).toBe(page)
  const stranger = error(403, gated, { token: 'hf_t' })
  expect(stranger.message).toContain(page)
  expect(stranger.message).toContain('not on the list')
})

test('unauthorized says that the repository may be misspelt or private, and how to set a token', () => {
  expect(error(401).message).toMatch(/misspelt or private.*hal0 config token/)
})

test('not found names what does not exist', () => {
  expect(error(404, { 'x-error-code': 'EntryNotFound' }).message).toContain('no file a.gguf')
  expect(error(404, { 'x-error-code': 'RevisionNotFound' }).message).toContain('no revision main')
})

test('rate limited waits as long as the hub says, and half a minute when it says nothing', () => {
  expect(error(429, { ratelimit: '"resolvers";r=0;t=172' }).retryAfterS).toBe(173)
  expect(error(429).retryAfterS).toBe(30)
  expect(error(503, { 'retry-after': '7' }).details.retry_after_s).toBe(7)
})

test('the hub’s own message is included, without control characters, and never with the token in it', () => {
  const said = error(403, { 'x-error-message': 'Access to this resource is disabled.' }, { token: 'hf_t' })
  expect(said.message).toContain('It says: Access to this resource is disabled.')
  expect(said.details.hub).toBe('Access to this resource is disabled.')
  const echo = error(403, { 'x-error-message': 'bad token hf_t' }, { token: 'hf_t' })
  expect(JSON.stringify(echo.body())).not.toContain('hf_t')
  expect(error(500, { 'x-error-message': 'a\tb' }).details.hub).toBe('a b')
})
