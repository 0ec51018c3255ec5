/** Every command of README and docs that needs a daemon, run in the order in which a reader meets them. */
import { expect, setDefaultTimeout } from 'bun:test'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { testWith } from '../support/part.ts'
import { pythonPackages } from '../support/python-packages.ts'
import { openSession } from './daemon-session.ts'
import { pages, scriptOf } from './pages.ts'

setDefaultTimeout(180_000)
const test = testWith('python3 on PATH', Bun.which('python3') !== null)

for (const page of pages) {
  const script = scriptOf(page, 'daemon')
  if (script === '') continue
  test(`the commands of ${page.path} work one after the other beside a daemon`, async () => {
    const { bash } = await openSession()
    expect(await bash(script)).not.toBe('')
  })
}

const [readme] = pages
if (readme === undefined) throw new Error('there is no README')

/** What an earlier block of the README has made, with a model that answers at once. */
const quickSlot = `hal0 model import ~/Downloads/my-model.gguf
hal0 slot create smollm2-135m --model my-model --load on-demand --set aliases=smollm2-135m-instruct-q4_1`

const client = await pythonPackages('openai==3.57.0')
testWith('openai from PyPI', client !== null)('the Python of the README gets an answer', async () => {
  const { bash } = await openSession()
  await bash(quickSlot)
  const program = scriptOf(readme, 'client')
  expect(program).toContain('client.chat.completions.create')
  const answer = await bash(`'${join(client ?? '', 'python')}' - <<'END'\n${program}\nEND`)
  expect(answer.trim()).not.toBe('')
})

test('the commands of the README for GPUs work, with the engine of these tests in place of one for a GPU', async () => {
  const { bash, daemon } = await openSession()
  await bash(quickSlot)
  const script = scriptOf(readme, 'gpu')
  const [place = ''] = /\/opt\/\S+/.exec(script) ?? []
  const engine = join(daemon.root, 'gpu', place)
  mkdirSync(dirname(engine), { recursive: true })
  symlinkSync(Bun.which('llama-server', { PATH: daemon.env.PATH ?? '' }) ?? '', engine)
  await bash(script.replaceAll(place, engine))
})

test('what the README runs in a clone are scripts of package.json', () => {
  const commands = scriptOf(readme, 'clone').split('\n').filter(Boolean)
  expect(commands).toEqual(['npm start', 'npm test'])
  for (const script of ['start', 'test'] as const) expect(packageJson.scripts[script]).toContain(`scripts/${script}.ts`)
})
