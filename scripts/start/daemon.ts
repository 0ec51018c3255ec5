/** The daemon of `npm start`: where it listens, and its start. */
import { closeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openLog, tailOf } from '../../src/cli/host/daemon/background.ts'
import { choosePort } from '../../src/cli/host/daemon/choose-port.ts'
import { Failure } from '../../src/cli/terminal/failure.ts'
import { readDaemonAddress } from '../../src/system/daemon-address.ts'
import { env, Failed, hal0, paths, root, say } from './hal0.ts'

/** The value of `--port N` or `--port=N`; null: not given. */
const askedPort = (options: readonly string[]): number | null => {
  const at = options.findIndex((option) => option === '--port' || option.startsWith('--port='))
  const option = options[at]
  if (option === undefined) return null
  const port = Number(option.includes('=') ? option.slice('--port='.length) : options[at + 1])
  // What is no port is refused by `hal0 serve`, in its own words.
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null
}

/**
 * The options for `hal0 serve`, with another port where the usual one is taken. A port that was asked for has to be free.
 * @throws Failed when it is not, or when hal0 already runs here
 */
export const serveOptions = async (given: readonly string[]): Promise<string[]> => {
  const running = readDaemonAddress(paths.data)
  if (running !== null) {
    throw new Failed(
      `hal0 of this folder already runs at ${running.url} (process ${running.pid}). Talk to it: hal0 chat. To start anew, end it first: kill ${running.pid}`,
    )
  }
  const isGiven = given.some((option) => /^--port(=|$)/.test(option))
  try {
    const asked = askedPort(given)
    if (isGiven && asked === null) return [...given]
    const { port, because } = await choosePort(paths, asked)
    if (because !== null) say(because)
    return isGiven ? [...given] : [...given, '--port', String(port)]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const other = /\d+/.exec(error.hint ?? '')?.[0]
    const way = isGiven ? `npm start -- --port ${other}` : `hal0 config set port=${other}`
    throw new Failed(`${error.message} Stop that, or choose another port: ${way}`)
  }
}

/** What the daemon prints, warnings for whoever looks for a cause. */
export const log = join(paths.data, 'serve.log')

/** Starts the daemon and waits until it says where it listens. @throws Failed */
export const startDaemon = async (options: readonly string[]): Promise<{ child: Bun.Subprocess; url: string }> => {
  // In its own session: Ctrl-C in the terminal goes to all its programs, but the slots have to be unloaded first.
  await mkdir(paths.data, { recursive: true })
  const output = openLog(log)
  const child = Bun.spawn([hal0, 'serve', ...options], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', output],
    detached: true,
  })
  closeSync(output)
  const decoder = new TextDecoder()
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += decoder.decode(chunk, { stream: true })
    const url = /listens on (\S+)\n/.exec(printed)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Failed(`The daemon did not start. It printed last:\n${(await tailOf(log)).join('\n')}`)
}
