/** `npm start` from the checkout, with a real llama.cpp: with a hub (a fake one that has the catalog’s first model), and without. */
import { expect, onTestFinished, setDefaultTimeout } from 'bun:test'
import { copyFileSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { catalogEntries } from '../../src/models/catalog/catalog.ts'
import { readDaemonAddress } from '../../src/system/daemon-address.ts'
import { findPaths } from '../../src/system/paths.ts'
import { noTerminal, Terminal } from '../cli/support/terminal.ts'
import { killBelow, killNow, processesOf } from '../support/daemon.ts'
import { FakeHub } from '../support/fake-hub/fake-hub.ts'
import { freePorts } from '../support/free-ports.ts'
import { testWith } from '../support/part.ts'
import { realEngine } from '../support/real-engine.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { until } from '../support/until.ts'

setDefaultTimeout(120_000)

const script = join(import.meta.dir, '../../scripts/start.ts')
const testInTerminal = testWith('tmux', noTerminal === null)
const test = testWith('python3 on PATH', Bun.which('python3') !== null)

const first = catalogEntries.find((entry) => entry.first)
if (first === undefined) throw new Error('the catalog has no first model')

const hubWithFirst = async (): Promise<FakeHub> => {
  const content = new Uint8Array(await Bun.file(await tinyModel()).arrayBuffer())
  const hub = await FakeHub.start({ repos: [{ id: first.repo, files: [{ path: first.file, content }] }] })
  onTestFinished(() => hub.stop())
  return hub
}

/** A folder for PATH in which llama-server is the real one. */
const engineOnPath = async (): Promise<string> => {
  const folder = join(tempDir(), 'bin')
  mkdirSync(folder)
  symlinkSync(await realEngine(), join(folder, 'llama-server'))
  return folder
}

interface Started {
  /** Data folder. */
  root: string
  /** Folder with llama-server. */
  engine: string
  /** Of the hub. */
  endpoint: string
  /** Of the Python packages; default: this machine's. */
  index?: string
  /** Default: a free one. */
  port?: number
}

class Start {
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  #printed = ''
  #wake = (): void => {}
  readonly #followed: Promise<unknown>

  private constructor(port: number, { root, engine, endpoint, index }: Started) {
    this.#child = Bun.spawn([process.execPath, script, '--port', String(port)], {
      env: {
        ...process.env,
        HAL0_ROOT: root,
        HF_ENDPOINT: endpoint,
        HF_HOME: '/nonexistent',
        ...(index === undefined ? {} : { PIP_INDEX_URL: index }),
        NO_PROXY: '127.0.0.1',
        PATH: `${engine}:${dirname(process.execPath)}:${process.env.PATH}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#followed = Promise.all([this.#follow(this.#child.stdout), this.#follow(this.#child.stderr)])
    onTestFinished(async () => {
      if (this.#child.exitCode === null) this.#child.kill('SIGTERM')
      await this.#child.exited
    })
  }

  static async run(how: Started): Promise<Start> {
    return new Start(how.port ?? (await freePorts(1)), how)
  }

  /** Resolves with all that was printed, once it holds `text`. */
  async until(text: string): Promise<string> {
    while (!this.#printed.includes(text)) {
      if (this.#child.exitCode !== null) throw new Error(`ended without "${text}":\n${this.#printed}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#printed
  }

  get printed(): string {
    return this.#printed
  }

  /** Resolves with its exit status, once it has ended by itself. */
  async exited(): Promise<number> {
    await this.#followed
    return await this.#child.exited
  }

  /** @param signal default: Ctrl-C @returns its exit status */
  async end(signal: 'SIGINT' | 'SIGHUP' | 'SIGKILL' = 'SIGINT'): Promise<number> {
    this.#child.kill(signal)
    await this.#followed
    return this.#child.exited
  }

  async #follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      this.#printed += decoder.decode(chunk, { stream: true })
      this.#wake()
    }
    this.#wake()
  }
}

test('npm start pulls the first model of the catalog, says so first, and answers with it', async () => {
  const hub = await hubWithFirst()
  const start = await Start.run({ root: tempDir(), engine: await engineOnPath(), endpoint: hub.url })
  const printed = await start.until('hal0 stays up')
  expect(printed).toMatch(/First model: .*398 MB from bartowski.*Apache-2\.0/)
  expect(printed).toMatch(/→ \S/)
  expect(printed).not.toMatch(/HAL0_ROOT|HAL0_URL|gibberish/)
  expect(await start.end()).toBe(0)
})

test('without hub and package index npm start says what to do, and leaves the daemon and the dashboard up', async () => {
  const [root, engine] = [tempDir(), await engineOnPath()]
  const nowhere = { endpoint: 'http://127.0.0.1:9', index: 'http://127.0.0.1:9/simple' }
  const without = await Start.run({ root, engine, ...nowhere })
  const printed = await without.until('hal0 stays up')
  expect(printed).toContain('No model from the Hugging Face Hub: http://127.0.0.1:9 could not be reached.')
  expect(printed).toContain('The package index at 127.0.0.1:9 cannot be reached')
  expect(printed).toContain(`hal0 run ${first.id}`)
  expect(printed).not.toContain('→')
  const url = /Dashboard +(\S+)/.exec(printed)?.[1] ?? ''
  expect((await fetch(url)).headers.get('content-type')).toContain('text/html')
  expect(await without.end()).toBe(0)

  // The next one with a hub brings the model, and the one after that takes the one that is here.
  const hub = await hubWithFirst()
  const withHub = await Start.run({ root, engine, endpoint: hub.url })
  expect(await withHub.until('hal0 stays up')).toMatch(/First model: [\s\S]*→ \S/)
  // Everything but the backend is killed: the next start finds it, and says so.
  killNow(readDaemonAddress(findPaths({ HAL0_ROOT: root }, false).data)?.pid ?? 0)
  await withHub.end('SIGKILL')
  const again = await Start.run({ root, engine, ...nowhere })
  expect(await again.until('hal0 stays up')).toMatch(
    /Still loaded from the last time, and taken over: primary\.[\s\S]*→ \S/,
  )
  const last = await again.until('hal0 stays up')
  expect(last).not.toContain('First model:')
  // The terminal is closed: nothing stays behind.
  expect(await again.end('SIGHUP')).toBe(0)
  await expect(fetch(/Dashboard +(\S+)/.exec(last)?.[1] ?? '')).rejects.toThrow()
})

test('a port that was asked for and is taken ends npm start before anything is built, and names the holder', async () => {
  const holder = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('mine') })
  onTestFinished(() => holder.stop(true))
  const port = holder.port ?? 0
  const start = await Start.run({ root: tempDir(), engine: tempDir(), endpoint: 'http://127.0.0.1:9', port })
  expect(await start.exited()).toBe(1)
  expect(start.printed).toMatch(
    new RegExp(`^Port ${port} is taken by .*process ${process.pid}.*npm start -- --port \\d+\n$`),
  )
})

testInTerminal('a terminal that goes away with npm start in it takes daemon and backends with it', async () => {
  const hub = await hubWithFirst()
  const root = realpathSync(tempDir())
  onTestFinished(() => killBelow(root))
  const env = {
    ...process.env,
    HAL0_ROOT: root,
    HF_ENDPOINT: hub.url,
    HF_HOME: '/nonexistent',
    NO_PROXY: '127.0.0.1',
    PATH: `${await engineOnPath()}:${dirname(process.execPath)}:${process.env.PATH}`,
  }
  const port = String(await freePorts(1))
  {
    using terminal = new Terminal([script, '--port', port], env, { columns: 50, program: process.execPath })
    await terminal.shows(/POST http/, 90_000)
    expect(processesOf(root).length).toBeGreaterThan(1)
  }
  // The terminal's server is gone now, and whatever is printed fails.
  await until('the end of everything that was started', () => processesOf(root).length === 0, 30_000)
})

testInTerminal('in a narrow terminal npm start breaks its lines between words', async () => {
  const holder = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('mine') })
  onTestFinished(() => holder.stop(true))
  const env = { ...process.env, HAL0_ROOT: tempDir() }
  const args = [script, '--port', String(holder.port)]
  using terminal = new Terminal(args, env, { columns: 50, program: process.execPath })
  const screen = await terminal.shows(/exit 1/)
  const words = screen.split(/\s+/)
  for (const word of `Port ${holder.port} is taken Stop that, or choose another port: npm start`.split(' '))
    expect(words).toContain(word)
  expect(screen.split('\n').filter((line) => line.startsWith(' '))).toEqual([])
})

test('bin/hal0 finds the daemon of npm start, from any folder and through links', async () => {
  const root = tempDir()
  const start = await Start.run({
    root,
    engine: await engineOnPath(),
    endpoint: 'http://127.0.0.1:9',
    index: 'http://127.0.0.1:9/simple',
  })
  const url = /Dashboard +(\S+)\//.exec(await start.until('hal0 stays up'))?.[1] ?? ''
  const folder = tempDir()
  symlinkSync(join(import.meta.dir, '../../bin/hal0'), join(folder, 'real'))
  symlinkSync('real', join(folder, 'hal0'))
  const { HAL0_URL: _, ...env } = process.env
  const status = Bun.spawnSync([join(folder, 'hal0'), 'status', '--json'], {
    cwd: '/',
    env: { ...env, HAL0_ROOT: root },
  })
  expect(JSON.parse(status.stdout.toString())).toMatchObject({ url })
  const second = await Start.run({ root, engine: folder, endpoint: 'http://127.0.0.1:9' })
  expect(await second.exited()).toBe(1)
  expect(second.printed).toContain(`hal0 of this folder already runs at ${url} (process `)
  expect(await start.end()).toBe(0)
})

test('bin/hal0 says what to do while nothing is built', () => {
  const checkout = tempDir()
  mkdirSync(join(checkout, 'bin'))
  copyFileSync(join(import.meta.dir, '../../bin/hal0'), join(checkout, 'bin/hal0'))
  const { exitCode, stderr } = Bun.spawnSync([join(checkout, 'bin/hal0'), 'status'], { cwd: '/' })
  expect([exitCode, stderr.toString()]).toEqual([1, expect.stringContaining(`In ${checkout}, run: npm start`)])
})
