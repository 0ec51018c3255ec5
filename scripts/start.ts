/**
 * `npm start`: hal0 on a machine that has only node, npm and python3. Builds it, gets an engine, starts the daemon, pulls a first
 * model, shows one real answer, and keeps running. Everything is kept in .hal0/ of this checkout (or HAL0_ROOT).
 *
 *   npm start                  on 127.0.0.1:8080, or the next free port
 *   npm start -- --port 8090   options of `hal0 serve` may follow
 */
import { join, relative } from 'node:path'
import { print } from '../src/cli/terminal/output.ts'
import { fields } from '../src/cli/terminal/table.ts'
import type { Engine } from '../src/contract/engine.ts'
import type { Status } from '../src/contract/system.ts'
import { log, serveOptions, startDaemon } from './start/daemon.ts'
import { ensureModel } from './start/first-model.ts'
import { complain, cwd, Failed, hal0, isOnPath, json, root, run, say } from './start/hal0.ts'

/** @throws Failed */
const ensureEngine = async (): Promise<void> => {
  const engines = await json<Engine[]>('engine', 'list')
  if (engines.some((one) => one.default)) return
  say('No llama.cpp is here yet: installing it from the Python package index (about 34 MB) ...')
  await run([hal0, 'engine', 'install', 'llama.cpp', '--source', 'pypi'], 'The installation of the engine', 'shown')
}

const isLoaded = ({ state }: Status['slots'][number]): boolean => state !== 'offline' && state !== 'error'

/** Backends outlive a daemon that was killed, and the terminal with it; the next daemon finds them. */
const sayTakenOver = async (): Promise<void> => {
  const { slots } = await json<Status>('status')
  const names = slots.filter(isLoaded).map(({ name }) => name)
  if (names.length > 0) say(`Still loaded from the last time, and taken over: ${names.join(', ')}.`)
}

/** Loads slot primary, which the request would do by itself: but for as long as it takes, a person sees that something goes on. */
const loadPrimary = async (): Promise<void> => {
  await run([hal0, 'slot', 'load', 'primary'], 'The loading of slot primary', 'shown')
}

/** One chat completion through /v1, as any OpenAI client would request it. @throws Failed */
const showChat = async (url: string): Promise<void> => {
  const body = { model: 'primary', messages: [{ role: 'user', content: 'Hello! Who are you?' }], max_tokens: 48 }
  say()
  say(`POST ${url}/v1/chat/completions`)
  // To be copied: the terminal breaks it, no line break does.
  print(JSON.stringify(body))
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
    throw new Failed(`Slot primary did not answer: ${answer.error?.message ?? `status ${response.status}`}`)
  say(`→ ${text.trim()}`)
}

const showWhatNext = (url: string): void => {
  say()
  const rows: [string, string][] = [
    ['Dashboard', `${url}/`],
    ['OpenAI API', `${url}/v1 (any API key, model "primary")`],
    ['Chat', 'hal0 chat'],
    ['Other models', 'hal0 model search --catalog'],
    ['Another one', 'hal0 run MODEL'],
    ['All commands', 'hal0 help'],
    ...(!isOnPath() && cwd === root ? [['As hal0', 'export PATH="$PWD/bin:$PATH"'] satisfies [string, string]] : []),
    ['Log', relative(cwd, log)],
  ]
  print(fields(rows))
  say()
  say('hal0 stays up until you press Ctrl-C.')
}

/** What fails here is said, and leaves the daemon and its dashboard: they are where it can be mended. */
const show = async (url: string, stopped: () => boolean): Promise<void> => {
  try {
    await sayTakenOver()
    await ensureEngine()
    const hasModel = !stopped() && (await ensureModel(url, stopped))
    if (hasModel && !stopped()) await loadPrimary()
    if (hasModel && !stopped()) await showChat(url)
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    if (!stopped()) complain(error.message)
  }
  if (!stopped()) showWhatNext(url)
}

/** Models outlive `hal0 serve` on purpose, but a first try in a checkout should leave nothing running. */
const unloadAll = async (): Promise<void> => {
  const { slots } = await json<Status>('status')
  for (const { name } of slots.filter(isLoaded)) {
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
  // SIGHUP: the terminal was closed.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => askedToStop())

  const options = await serveOptions(process.argv.slice(2))
  say('Building dist/hal0 ...')
  await run([process.execPath, join(root, 'build.ts')], 'The build')
  const { child, url } = await startDaemon(options)
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
  complain(error.message)
  process.exit(1)
}
process.exit(0)
