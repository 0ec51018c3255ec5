/** What the command line does with several matching files: it asks on a terminal, and lists them if nobody can be asked. */
import { afterAll, describe, expect, test } from 'bun:test'
import { offerLines } from '../../../src/cli/model/bring/choose-offer.ts'
import { quoted } from '../../../src/cli/values/shell-words.ts'
import type { HubOffer, HubReference } from '../../../src/contract/models/pull.ts'
import { readHubReference, unreadable } from '../../../src/lib/hub/hub-reference.ts'
import { sampleFit } from '../../support/fits.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0 } from '../support/run-cli.ts'
import { acceptedPull, model, slot } from '../support/samples.ts'
import { noTerminal, Terminal } from '../support/terminal.ts'

const offer = (id: string, file: string, more: Partial<HubOffer> = {}): HubOffer => ({
  id,
  file,
  quantization: 'Q4_K_M',
  size: 398_000_000,
  shards: 1,
  fit: sampleFit('fits'),
  installed: false,
  ...more,
})
const twins = [
  offer('a', 'a-Q4_K_M.gguf', { installed: true }),
  offer('b', 'b model-Q4_K_M.gguf', { size: 4_100_000_000, fit: sampleFit('no') }),
]

const read = (text: string): HubReference => {
  const reading = readHubReference(text)
  if (reading.kind === 'refused') throw unreadable(text, reading.problem)
  return reading.kind === 'reference' ? reading.reference : { repo: null, revision: null, file: null, folder: null }
}

const api = new FakeApi({
  readHubReference: ({ query }) => read(query.text ?? ''),
  showHubRepository: ({ params, query }) => ({
    repo: `${params.owner}/${params.repo}`,
    revision: 'a'.repeat(40),
    gated: false,
    models: twins,
    wanted: query.file === ':Q4_K_M' ? twins : params.repo === 'empty' ? [] : twins.slice(1),
    mmproj: [],
    problem: params.repo === 'away' ? 'The hub could not be reached.' : null,
  }),
  pullModel: ({ params: { id = '' } }) => acceptedPull(id, { repo: 'acme/tiny', file: 'a.gguf' }),
  listCatalog: () => [],
  showModel: ({ params }) => model(String(params.id)),
  swapSlot: () => slot('primary', 'pulling'),
})
afterAll(() => api[Symbol.dispose]())
const run = (...args: string[]) => hal0(args, { url: api.url })
const pull = (...args: string[]) => run('model', 'pull', '--no-wait', ...args)

test('several matches are listed if nobody can be asked, with the command that names one', async () => {
  const { code, stdout, stderr } = await pull('acme/tiny:Q4_K_M')
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toBe(`Error: acme/tiny has several models for :Q4_K_M. Name the one that you want.
    1  398 MB  a-Q4_K_M.gguf  (is here)
    2  4.1 GB  b model-Q4_K_M.gguf  (too big for this machine)
Try: hal0 model pull acme/tiny --file a-Q4_K_M.gguf
`)
  expect(api.calls.at(-1)?.operation).toBe('showHubRepository')
})

test('while the hub cannot be reached that is said, and an installed model is used', async () => {
  const { code, stderr } = await pull('acme/away')
  expect(code).toBe(0)
  expect(stderr).toStartWith('Warning: The hub could not be reached. Only what is here of acme/away can be chosen.\n')
})

test('the folder, the revision and the file of an address are what the hub is asked for', async () => {
  expect((await pull('https://huggingface.co/acme/tiny/tree/v1/Q4')).code).toBe(0)
  expect(api.calls.at(-2)).toMatchObject({ operation: 'showHubRepository', query: { revision: 'v1', folder: 'Q4' } })
  expect(api.calls.at(-1)).toMatchObject({
    operation: 'pullModel',
    params: { id: 'b' },
    body: { repo: 'acme/tiny', file: 'b model-Q4_K_M.gguf', revision: 'v1' },
  })
})

test.each([
  [['acme/tiny:Q8_0', '--file', 'a.gguf'], 'What is to be pulled says :Q8_0, and --file says a.gguf.'],
  [['https://huggingface.co/acme/tiny/tree/v1', '--revision', 'main'], 'says v1, and --revision says main.'],
  [['acme/tiny', '--file', '../../etc/passwd'], 'must be the path of a GGUF file in the repository'],
  [['https://huggingface.co/datasets/acme/tiny'], 'is a dataset of the hub, not a model. Write OWNER/NAME'],
  [['two words'], '"two words" names no repository. Write OWNER/NAME'],
  [['two / words'], '"two / words" names no repository. Write OWNER/NAME'],
])('%p is wrong usage', async (args, words) => {
  const { code, stderr } = await pull(...args)
  expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
})

test('a repository without models says so', async () => {
  expect(await pull('acme/empty')).toMatchObject({
    code: 4,
    stderr: 'Error: acme/empty has no complete GGUF model.\n',
  })
})

test('a swap to an installed model does not ask the hub', async () => {
  const { code } = await run(
    'slot',
    'swap',
    'primary',
    '--model',
    'a',
    '--repo',
    'acme/tiny',
    '--file',
    ':Q4_K_M',
    '--no-wait',
  )
  expect(code).toBe(0)
  const last = api.calls.slice(-3)
  expect(last.map(({ operation }) => operation)).toEqual(['readHubReference', 'showModel', 'swapSlot'])
  expect(last[2]?.body).toEqual({ model: 'a', repo: 'acme/tiny', file: ':Q4_K_M' })
})

test('a swap without a file takes the default one, and a swap with only a file is wrong usage', async () => {
  expect((await run('slot', 'swap', 'primary', '--model', 'a', '--repo', 'acme/tiny', '--no-wait')).code).toBe(0)
  expect(api.calls.at(-1)?.body).toEqual({ model: 'a', repo: 'acme/tiny', file: 'b model-Q4_K_M.gguf' })
  expect((await run('slot', 'swap', 'primary', '--model', 'a', '--file', ':Q8_0')).code).toBe(2)
})

test('numbers and sizes are aligned, with uncut names at the end', () => {
  const lines = offerLines(
    Array.from({ length: 10 }, (_, index) => offer(`m${index}`, `m${index}.gguf`, { size: 10 ** index })),
  )
  expect([lines[0], lines[9]]).toEqual(['   1     1 B  m0.gguf', '  10  1.0 GB  m9.gguf'])
})

test.each([
  ['a-Q4_K_M.gguf', 'a-Q4_K_M.gguf'],
  ["it's a b.gguf", `'it'\\''s a b.gguf'`],
  ['$(x).gguf', "'$(x).gguf'"],
])('%s is written for a shell as %s', (name, word) => {
  expect(quoted(name)).toBe(word)
})

describe.skipIf(noTerminal !== null)('on a terminal', () => {
  test('the model is asked for, again after a wrong answer, and pulled', async () => {
    using terminal = new Terminal(['model', 'pull', 'acme/tiny:Q4_K_M', '--no-wait'], { HAL0_URL: api.url })
    const screen = await terminal.shows(/Which one\? \[1-2\]/)
    expect(screen).toContain('acme/tiny has several models for :Q4_K_M:\n  1  398 MB  a-Q4_K_M.gguf  (is here)\n')
    terminal.press('7', 'Enter')
    await terminal.shows(/There is no 7\. Write a number from 1 to 2/)
    terminal.press('2', 'Enter')
    const end = await terminal.shows(/exit 0/)
    expect(end).toContain('Pulling b model-Q4_K_M.gguf (4.1 GB) as b.')
  }, 30_000)

  test('no answer pulls nothing', async () => {
    using terminal = new Terminal(['model', 'pull', 'acme/tiny:Q4_K_M', '--no-wait'], { HAL0_URL: api.url })
    await terminal.shows(/Which one/)
    terminal.press('C-c')
    const end = await terminal.shows(/exit 1/)
    expect(end).toContain('\n\x1b[31mError: \x1b[39mNothing was chosen, so nothing is pulled.')
  }, 30_000)
})
