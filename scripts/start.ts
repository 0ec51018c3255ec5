/**
 * `npm start`: hal0 on a machine that has only node, npm and python3. Builds it, gets an engine, starts the daemon, pulls a first
 * model, shows one real answer, and keeps running. Everything is kept in .hal0/ of this checkout (or HAL0_ROOT).
 *
 *   npm start                  on 127.0.0.1:8080
 *   npm start -- --demo        without the first model: a plumbing check
 *   npm start -- --port 8090   options of `hal0 serve` may follow
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../src/contract/engine.ts'
import type { Slot } from '../src/contract/slot-config.ts'
import type { Status } from '../src/contract/system.ts'
import { ensureModel, plumbing } from './start/first-model.ts'
import { data, env, Failed, hal0, json, root, run, say } from './start/hal0.ts'

const demo = process.argv.includes('--demo')
const serveOptions = process.argv.slice(2).filter((option) => option !== '--demo')

const ensureEngine = async (): Promise<void> => {
  const engines = await json<Engine[]>('engine', 'list')
  const engine = engines.find((one) => one.default)
  if (engine !== undefined) {
    say(`Engine: ${engine.path}`)
    return
  }
  say('No llama.cpp is here yet: installing it from the Python package index (about 34 MB) ...')
  await run([hal0, 'engine', 'install', 'llama.cpp', '--source', 'pypi'], 'The installation of the engine', 'shown')
}

/** Starts the daemon and waits until it says where it listens. */
const startDaemon = async (): Promise<{ child: Bun.Subprocess; url: string }> => {
  // In its own session: Ctrl-C in the terminal goes to all its programs, but the slots have to be unloaded first.
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
  throw new Failed('The daemon did not start; see above for the reason.')
}

/** One chat completion through /v1, as any OpenAI client would request it. */
const showChat = async (url: string): Promise<void> => {
  const slots = await json<Slot[]>('slot', 'list')
  const primary = slots.find(({ config }) => config.name === 'primary' && config.model !== null)
  if (primary === undefined) return
  const body = { model: 'primary', messages: [{ role: 'user', content: 'Hello! Who are you?' }], max_tokens: 48 }
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

const show = async (url: string, stopped: () => boolean): Promise<void> => {
  await ensureModel(url, demo, stopped)
  if (stopped()) return
  await showChat(url)
  showWhatNext(url)
}

/** Models outlive `hal0 serve` on purpose, but a first try in a checkout should leave nothing running. */
const unloadAll = async (): Promise<void> => {
  const { slots } = await json<Status>('status')
  for (const { name, state } of slots) {
    if (state === 'offline' || state === 'error') continue
    await run([hal0, 'slot', 'unload', name], `Unloading slot ${name}`)
  }
}

const main = async (): Promise<void> => {
  let askedToStop = () => {}
  let stopped = false
  const stop = new Promise<void>((resolve) => {
    askedToStop = () => {
      stopped = true
      resolve()
    }
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => askedToStop())

  say('Building dist/hal0 ...')
  await run([process.execPath, join(root, 'build.ts')], 'The build')
  await mkdir(data, { recursive: true })
  await ensureEngine()
  const { child, url } = await startDaemon()
  env.HAL0_URL = url
  try {
    const shown = show(url, () => stopped)
    await Promise.race([stop, child.exited, shown])
    // What cannot be shown because everything ends is of no interest.
    shown.catch(() => {})
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
