/**
 * `npm start`: hal0 on a machine that has nothing but node, npm and python3. Builds it, brings an engine, starts the daemon,
 * shows one real answer, and stays up. Everything lands below .hal0/ of this checkout.
 *
 *   npm start                  on 127.0.0.1:8080
 *   npm start -- --port 8090   options of `hal0 serve` may follow
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../src/contract/engine.ts'
import type { ModelEntry } from '../src/contract/model.ts'
import type { Slot } from '../src/contract/slot.ts'
import type { Status } from '../src/contract/system.ts'
import { writePlumbingModel } from '../src/models/plumbing-model.ts'

const root = join(import.meta.dir, '..')
const data = join(root, '.hal0')
const hal0 = join(root, 'dist/hal0')
const serveOptions = process.argv.slice(2)
const env: Record<string, string | undefined> = { ...process.env, HAL0_ROOT: data }
const plumbing = 'plumbing-check'

const say = (line = ''): void => console.log(line)

class Failed extends Error {}

/** @param talk what the step says on the way: shown as it comes, or only when it fails */
const run = async (argv: string[], what: string, talk: 'shown' | 'kept' = 'kept'): Promise<string> => {
  const child = Bun.spawn(argv, { cwd: root, env, stdio: ['ignore', 'pipe', talk === 'shown' ? 'inherit' : 'pipe'] })
  const [output, kept] = await Promise.all([
    new Response(child.stdout).text(),
    child.stderr instanceof ReadableStream ? new Response(child.stderr).text() : '',
  ])
  if ((await child.exited) !== 0) {
    console.error(kept.trim())
    throw new Failed(`${what} failed; what stands above says why.`)
  }
  return output
}

const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await run([hal0, ...args, '--json'], `hal0 ${args.join(' ')}`)) as T

const ensureEngine = async (): Promise<void> => {
  const engines = await json<Engine[]>('engine', 'list')
  const engine = engines.find((one) => one.default)
  if (engine !== undefined) {
    say(`Engine: ${engine.path}`)
    return
  }
  say('No llama.cpp is here yet: bringing it from the Python package index (about 34 MB) ...')
  await run([hal0, 'engine', 'install', 'llama.cpp', '--source', 'pypi'], 'The installation of the engine', 'shown')
}

/** Starts the daemon and waits until it says where it listens. */
const startDaemon = async (): Promise<{ child: Bun.Subprocess; url: string }> => {
  // In a session of its own: a Ctrl-C in the terminal goes to all of its programs, and the slots are to be unloaded first.
  const child = Bun.spawn([hal0, 'serve', ...serveOptions], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const decoder = new TextDecoder()
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += decoder.decode(chunk, { stream: true })
    const url = /listens on (\S+)\n/.exec(printed)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Failed('The daemon did not start; what stands above says why.')
}

/** A first slot, when there is no model at all. */
const ensureSlot = async (): Promise<void> => {
  if ((await json<ModelEntry[]>('model', 'list')).length > 0) return
  say('The registry is empty: writing a tiny model with random weights. It is a plumbing check: it proves that')
  say('everything works from the request to the engine and back, and its answers are gibberish.')
  const file = join(data, `${plumbing}.gguf`)
  await writePlumbingModel(file, { seed: 1, kind: 'chat' })
  await run([hal0, 'model', 'import', file, '--id', plumbing], 'The import of the plumbing check')
  const slots = await json<Slot[]>('slot', 'list')
  if (!slots.some(({ config }) => config.name === 'primary')) {
    await run(
      [hal0, 'slot', 'create', 'primary', '--model', plumbing, '--load', 'on-demand'],
      'The creation of slot primary',
    )
  }
}

/** One chat completion through /v1, as any OpenAI client would ask for it. */
const showChat = async (url: string): Promise<void> => {
  const slots = await json<Slot[]>('slot', 'list')
  const primary = slots.find(({ config }) => config.name === 'primary' && config.model !== null)
  if (primary === undefined) return
  const body = { model: 'primary', messages: [{ role: 'user', content: 'Hello! Who are you?' }], max_tokens: 24 }
  say()
  say(`POST ${url}/v1/chat/completions`)
  say(JSON.stringify(body))
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as {
    choices?: { message: { content: string } }[]
    error?: { message: string }
  }
  const text = answer.choices?.[0]?.message.content
  if (text === undefined)
    throw new Failed(`The slot did not answer: ${answer.error?.message ?? `status ${response.status}`}`)
  say(`→ ${text.trim()}`)
  if (primary.config.model === plumbing) say('  (gibberish, as announced: random weights)')
}

const showWhatNext = (url: string): void => {
  const cli = `HAL0_ROOT=${data}${url.endsWith(':8080') ? '' : ` HAL0_URL=${url}`} ${hal0}`
  say()
  say(`Dashboard   ${url}/`)
  say(`Chat        ${cli} chat primary`)
  say(`Your model  ${cli} model import FILE.gguf`)
  say(`            ${cli} slot swap primary --model ID`)
  say(`Status      ${cli} status`)
  say(`OpenAI API  ${url}/v1  (any API key, model "primary")`)
  say()
  say('hal0 stays up until you press Ctrl-C.')
}

/** Models outlive `hal0 serve` on purpose; a first try in a checkout should leave nothing running. */
const unloadAll = async (): Promise<void> => {
  const { slots } = await json<Status>('status')
  for (const { name, state } of slots) {
    if (state === 'offline' || state === 'error') continue
    await run([hal0, 'slot', 'unload', name], `The unloading of slot ${name}`)
  }
}

const main = async (): Promise<void> => {
  let askedToStop = () => {}
  const stop = new Promise<void>((resolve) => {
    askedToStop = resolve
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => askedToStop())

  say('Building dist/hal0 ...')
  await run([process.execPath, join(root, 'build.ts')], 'The build')
  await mkdir(data, { recursive: true })
  await ensureEngine()
  const { child, url } = await startDaemon()
  env.HAL0_URL = url
  try {
    await ensureSlot()
    await showChat(url)
    showWhatNext(url)
    await Promise.race([stop, child.exited])
    say()
    say('Unloading the slots and stopping ...')
  } finally {
    try {
      if (child.exitCode === null) await unloadAll()
    } finally {
      child.kill('SIGTERM')
      await child.exited
    }
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof Failed)) throw error
  console.error(error.message)
  process.exit(1)
}
process.exit(0)
