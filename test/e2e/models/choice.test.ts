/** Which file of a repository is meant, with the compiled binary: pasted addresses, labels, folders, ids, and paths that are none. */
import { describe, expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import type { ModelEntry } from '../../../src/contract/models/model.ts'
import type { HubRepository, Pull } from '../../../src/contract/models/pull.ts'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { tinyModel } from '../../support/tiny-model.ts'

setDefaultTimeout(60_000)

const repo = 'acme/tiny-GGUF'
const twoShards = ['UD-Q4_K_XL/tiny-00001-of-00002.gguf', 'UD-Q4_K_XL/tiny-00002-of-00002.gguf']
const paths = [
  'tiny-Q4_K_M.gguf',
  'tiny-Q8_0.gguf',
  'tiny-IQ3_K.gguf',
  'tiny-Q2_0_g64.gguf',
  'tiny-chat-Q6_K.gguf',
  'tiny-base-Q6_K.gguf',
  'tiny-imatrix-Q5_K_M.gguf',
  '模型-Q5_0.gguf',
  'F32/tiny-00001-of-00002.gguf',
  'BF16/tiny.gguf',
  'mmproj-F16.gguf',
  'mtp-tiny-IQ4_XS.gguf',
  'README.md',
  ...twoShards,
]

const setUp = async (more: Record<string, string> = {}) => {
  const content = await Bun.file(await tinyModel('chat')).bytes()
  const files = (...names: string[]) => names.map((path) => ({ path, content }))
  const hub = await FakeHub.start({ repos: [{ id: repo, files: files(...paths) }] })
  onTestFinished(() => hub.stop())
  hub.repos.get(repo)?.commit(files('old-Q4_K_M.gguf'), 'refs/pr/1')
  const env = { HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1', ...more }
  const daemon = await Daemon.start({ env })
  const run = (...args: string[]) => runHal0(args, { env: daemon.env })
  const ended = async (id: string): Promise<Pull> => {
    await run('model', 'pull', '--watch', id)
    return await daemon.must<Pull>('GET', `/api/models/${id}/pull`)
  }
  return { hub, daemon, run, ended }
}

describe('a file of a repository', () => {
  const shown = 'tiny-Q8_0.gguf'
  const pages: [string, string][] = [
    ['', 'tiny-Q4_K_M.gguf'],
    [`/blob/main/${shown}`, shown],
    [`/resolve/main/${shown}?download=true`, shown],
    [`?show_file_info=${shown}`, shown],
    [`/tree/main?show_file_info=${shown}`, shown],
    ['/tree/main/UD-Q4_K_XL', 'UD-Q4_K_XL/tiny-00001-of-00002.gguf'],
    ['/tree/main/BF16', 'BF16/tiny.gguf'],
    ['/tree/refs%2Fpr%2F1', 'old-Q4_K_M.gguf'],
    ['/blob/main/UD-Q4_K_XL/tiny-00002-of-00002.gguf', 'UD-Q4_K_XL/tiny-00001-of-00002.gguf'],
    [':Q8_0', shown],
    [':Q4_K_XL', 'UD-Q4_K_XL/tiny-00001-of-00002.gguf'],
    [':iq3_k', 'tiny-IQ3_K.gguf'],
    [':Q2_0_g64', 'tiny-Q2_0_g64.gguf'],
    [':Q5_K_M', 'tiny-imatrix-Q5_K_M.gguf'],
    [`/${shown}`, shown],
    ['/mtp-tiny-IQ4_XS.gguf', 'mtp-tiny-IQ4_XS.gguf'],
  ]
  test('is pulled by its pasted address, at the hub and at the endpoint in use', async () => {
    const { hub, run } = await setUp()
    let pulls = 0
    for (const site of ['https://huggingface.co/', `${hub.url}/`]) {
      for (const [page, file] of pages) {
        const { code, stderr } = await run(
          'model',
          'pull',
          `${site}${repo}${page}`,
          '--id',
          `one-${++pulls}`,
          '--no-wait',
        )
        expect([site, page, code, stderr]).toEqual([site, page, 0, expect.stringContaining(`Pulling ${file} (`)])
      }
    }
  })

  test('is pulled by an address at a mirror as soon as the mirror is set', async () => {
    const { hub, run } = await setUp({ HF_ENDPOINT: '' })
    const text = `${hub.url}/${repo}/blob/main/${shown}`
    const before = await run('model', 'pull', text, '--no-wait')
    expect([before.code, before.stderr]).toEqual([2, expect.stringContaining('nor of a mirror in use')])
    expect((await run('config', 'set', `hub.mirrors=["${hub.url}"]`)).code).toBe(0)
    const after = await run('model', 'pull', text, '--no-wait')
    expect([after.code, after.stderr]).toEqual([0, expect.stringContaining(`Pulling ${shown} (`)])
  })

  const refused: [string, number, string][] = [
    [`${repo}:Q3_K`, 4, 'has no GGUF model :Q3_K. It has :'],
    [`${repo}:Q2_0`, 4, 'has no GGUF model :Q2_0. It has :'],
    [`${repo}:IQ4_XS`, 4, 'Other GGUF files, to be named in full: mtp-tiny-IQ4_XS.gguf'],
    [`https://huggingface.co/${repo}/tree/main/F32`, 4, 'lacks shard 2.'],
    [`https://huggingface.co/${repo}/blob/main/README.md`, 2, 'is of a file that is not GGUF'],
    ['https://huggingface.co/datasets/acme/tiny', 2, 'is a dataset of the hub, not a model'],
    [`https://hub.example/${repo}`, 2, 'is not an address of the hub, nor of a mirror in use'],
    ['no repository', 2, 'names no repository'],
  ]
  test('is never guessed', async () => {
    const { run } = await setUp()
    for (const [text, status, words] of refused) {
      const { code, stderr } = await run('model', 'pull', text)
      expect([text, code, stderr]).toEqual([text, status, expect.stringContaining(words)])
    }
  })

  test('has to be named where several would match, on the command line and in the API', async () => {
    const { daemon, run, ended } = await setUp()
    const { code, stderr } = await run('model', 'pull', `${repo}:Q6_K`)
    expect(code).toBe(1)
    expect(stderr).toContain('acme/tiny-GGUF has several models for :Q6_K. Name the one that you want.')
    for (const file of ['tiny-base-Q6_K.gguf', 'tiny-chat-Q6_K.gguf']) expect(stderr).toContain(file)
    expect(stderr).toContain('Try: hal0 model pull acme/tiny-GGUF --file tiny-base-Q6_K.gguf')
    await daemon.must('POST', '/api/models/several/pull', { repo, file: ':Q6_K' })
    const { phase, error } = await ended('several')
    expect([phase, error]).toMatchObject([
      'failed',
      {
        code: 'pull.ambiguous',
        details: { models: [{ path: 'tiny-base-Q6_K.gguf' }, { path: 'tiny-chat-Q6_K.gguf' }] },
      },
    ])
    const { wanted } = await daemon.must<HubRepository>('GET', `/api/hub/models/${repo}?file=:Q6_K`)
    expect(wanted.map(({ id }) => id)).toEqual(['tiny-base-q6_k', 'tiny-chat-q6_k'])
  })

  test('is complete, whichever shard was named', async () => {
    const { daemon, ended } = await setUp()
    const [, second = ''] = twoShards
    await daemon.must('POST', '/api/models/whole/pull', { repo, file: second })
    expect(await ended('whole')).toMatchObject({ phase: 'done', files: twoShards.map((path) => ({ path })) })
    const entry = await daemon.must<ModelEntry>('GET', '/api/models/whole')
    expect(entry.source?.files).toEqual(twoShards)
  })

  test('has an id that says what it is', async () => {
    const { daemon } = await setUp()
    const { models } = await daemon.must<HubRepository>('GET', `/api/hub/models/${repo}`)
    expect(models.map(({ file, id }) => [file, id])).toEqual([
      ['BF16/tiny.gguf', 'tiny-bf16'],
      ['UD-Q4_K_XL/tiny-00001-of-00002.gguf', 'tiny-ud-q4_k_xl'],
      ['tiny-IQ3_K.gguf', 'tiny-iq3_k'],
      ['tiny-Q2_0_g64.gguf', 'tiny-q2_0_g64'],
      ['tiny-Q4_K_M.gguf', 'tiny-q4_k_m'],
      ['tiny-Q8_0.gguf', 'tiny-q8_0'],
      ['tiny-base-Q6_K.gguf', 'tiny-base-q6_k'],
      ['tiny-chat-Q6_K.gguf', 'tiny-chat-q6_k'],
      ['tiny-imatrix-Q5_K_M.gguf', 'tiny-imatrix-q5_k_m'],
      ['模型-Q5_0.gguf', 'tiny-q5_0'],
    ])
  })

  const impossible: [Record<string, string>, string][] = [
    [{ repo, file: '../../etc/passwd' }, 'file'],
    [{ repo, file: '/etc/passwd' }, 'file'],
    [{ repo, file: 'a//b.gguf' }, 'file'],
    [{ repo, file: 'a\\b.gguf' }, 'file'],
    [{ repo, file: 'a.gguf?download=true' }, 'file'],
    [{ repo, file: `${'x/'.repeat(600)}a.gguf` }, 'file'],
    [{ repo, file: 'a.gguf', revision: '../../x' }, 'revision'],
    [{ repo: '../..', file: 'a.gguf' }, 'repo'],
  ]
  test('that cannot be one is refused at the door, for a pull and for a swap', async () => {
    const { hub, daemon } = await setUp()
    await daemon.must<Slot>('POST', '/api/slots', { name: 'primary' })
    for (const [body, param] of impossible) {
      const pull = await daemon.call('POST', '/api/models/door/pull', body)
      expect([body, pull.status, errorOf(pull)]).toMatchObject([body, 400, { code: 'request.invalid', param }])
      const swap = await daemon.call('POST', '/api/slots/primary/swap', { model: 'door', ...body })
      expect([body, swap.status, errorOf(swap)]).toMatchObject([body, 400, { code: 'request.invalid', param }])
    }
    expect((await daemon.call('GET', '/api/models/door/pull')).status).toBe(404)
    expect(hub.log).toEqual([])
  })

  test('for a slot is named as for a pull: by an address, a label, or nothing', async () => {
    const { daemon, run, ended } = await setUp()
    await daemon.must<Slot>('POST', '/api/slots', { name: 'primary' })
    const swap = (model: string, ...args: string[]) =>
      run('slot', 'swap', 'primary', '--model', model, '--no-wait', '--repo', ...args)
    const pulled = async (id: string) => {
      const pull = await ended(id)
      return [pull.phase, pull.files.map(({ path }) => path)]
    }
    expect((await swap('by-address', `https://huggingface.co/${repo}/blob/main/tiny-IQ3_K.gguf`)).code).toBe(0)
    expect(await pulled('by-address')).toEqual(['done', ['tiny-IQ3_K.gguf']])
    const several = await swap('by-label', repo, '--file', ':Q6_K')
    expect([several.code, several.stderr]).toEqual([1, expect.stringContaining('several models for :Q6_K')])
    expect((await swap('by-address', '../..')).code).toBe(2)
    await daemon.must<Slot>('POST', '/api/slots', { name: 'second' })
    const api = await daemon.call('POST', '/api/slots/second/swap?wait=30', { model: 'other', repo, file: ':Q6_K' })
    expect([api.status, errorOf(api)]).toMatchObject([409, { code: 'pull.ambiguous', param: 'file' }])
  })
})
