import { describe, expect, test } from 'bun:test'
import type { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import {
  type Env,
  findHubToken,
  hubEndpoints,
  isHubOffline,
  type ReadText,
  sharedTokenPlaces,
  type TokenPlace,
  tokenFile,
} from '../../../../src/models/hub/client/hub-settings.ts'

const files =
  (known: Record<string, string>): ReadText =>
  async (path) =>
    known[path] ?? null

/** The token that is found when hal0's own file contains `given`; null: there is no such file. */
const hubToken = async (env: Env, given: string | null, readText: ReadText): Promise<string | null> => {
  const own: TokenPlace = { source: 'file', name: '/etc/hal0/hf-token', read: async () => given }
  const found = await findHubToken([own, ...sharedTokenPlaces(env, readText)])
  if (found !== null && 'problem' in found) throw found.problem
  return found?.token ?? null
}

describe('endpoints', () => {
  test('are the hub by default', () => {
    expect(hubEndpoints({}, [])).toEqual([{ url: 'https://huggingface.co', takesToken: true }])
    expect(hubEndpoints({ HF_ENDPOINT: ' ' }, [])).toEqual([{ url: 'https://huggingface.co', takesToken: true }])
  })

  test('are only HF_ENDPOINT if it is set', () => {
    expect(hubEndpoints({ HF_ENDPOINT: 'http://nas:8000/hf//' }, [{ url: 'https://mirror.example' }])).toEqual([
      { url: 'http://nas:8000/hf', takesToken: true },
    ])
  })

  test('are the mirrors in order, of which only the hub gets the token by default', () => {
    const mirrors = [
      { url: 'https://mirror.example/' },
      { url: 'https://own.example', takesToken: true },
      { url: 'https://huggingface.co' },
      { url: 'http://huggingface.co' },
    ]
    expect(hubEndpoints({}, mirrors)).toEqual([
      { url: 'https://mirror.example', takesToken: false },
      { url: 'https://own.example', takesToken: true },
      { url: 'https://huggingface.co', takesToken: true },
      { url: 'http://huggingface.co', takesToken: false },
    ])
  })

  test.each([
    'not an address',
    'ftp://mirror.example',
    'https://me:secret@mirror.example',
    'https://mirror.example/?key=secret',
  ])('that are invalid are refused without being repeated: %s', (url) => {
    for (const ask of [() => hubEndpoints({ HF_ENDPOINT: url }, []), () => hubEndpoints({}, [{ url }])]) {
      expect(ask).toThrow(expect.objectContaining({ code: 'config.invalid' }))
      expect(ask).not.toThrow(/secret/)
    }
  })
})

describe('the token', () => {
  const env = { HOME: '/home/me', HF_TOKEN: 'hf_env' }
  const stored = files({ '/home/me/.cache/huggingface/token': 'hf_file\n' })

  test('is the given one, else HF_TOKEN, else that of the hub tools’ file', async () => {
    expect(await hubToken(env, 'hf_given', stored)).toBe('hf_given')
    expect(await hubToken(env, null, stored)).toBe('hf_env')
    expect(await hubToken({ HOME: '/home/me', HF_TOKEN: '' }, '', stored)).toBe('hf_file')
    expect(await hubToken({ HOME: '/home/other' }, null, stored)).toBeNull()
    expect(await hubToken({}, null, stored)).toBeNull()
  })

  test('comes with the place where it was found', async () => {
    const sourceOf = async (env: Env) => (await findHubToken(sharedTokenPlaces(env, stored)))?.source
    expect(await sourceOf(env)).toBe('environment')
    expect(await sourceOf({ HOME: '/home/me' })).toBe('hub tools')
    expect(await sourceOf({})).toBeUndefined()
  })

  test('is read again at each use', async () => {
    const known: Record<string, string> = {}
    const ask = () => hubToken({ HOME: '/home/me' }, null, files(known))
    expect(await ask()).toBeNull()
    known['/home/me/.cache/huggingface/token'] = 'hf_new'
    expect(await ask()).toBe('hf_new')
  })

  test('is in the file that the hub’s own tools use', () => {
    expect(tokenFile({ HOME: '/h', HF_TOKEN_PATH: '~/t', HF_HOME: '/x' })).toBe('/h/t')
    expect(tokenFile({ HOME: '/h', HF_HOME: '/x', XDG_CACHE_HOME: '/c' })).toBe('/x/token')
    expect(tokenFile({ HOME: '/h', XDG_CACHE_HOME: '/c' })).toBe('/c/huggingface/token')
    expect(tokenFile({ HOME: '/h' })).toBe('/h/.cache/huggingface/token')
    expect(tokenFile({})).toBeNull()
  })

  test.each(['hf_a b', 'hf_a\nX-Evil: 1', 'hf_ä'])(
    'that does not fit into a header is refused without being repeated: %j',
    async (bad) => {
      const error = await hubToken({}, bad, stored).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'config.invalid' })
      expect((error as Hal0Error).message).not.toContain('hf_')
    },
  )
})

test('HF_HUB_OFFLINE is interpreted as the hub’s own tools do', () => {
  for (const yes of ['1', 'ON', 'yes', 'True']) expect(isHubOffline({ HF_HUB_OFFLINE: yes })).toBe(true)
  for (const no of ['0', '', 'no', undefined]) expect(isHubOffline({ HF_HUB_OFFLINE: no })).toBe(false)
})
