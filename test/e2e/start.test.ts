/** `npm start` from the checkout, with a real llama.cpp: with a hub (a fake one that has the catalog's first model), and without. */
import { expect, onTestFinished, setDefaultTimeout } from 'bun:test'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { catalogEntries } from '../../src/models/catalog/catalog.ts'
import { FakeHub } from '../support/fake-hub/fake-hub.ts'
import { freePorts } from '../support/free-ports.ts'
import { testWith } from '../support/part.ts'
import { realEngine } from '../support/real-engine.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'

setDefaultTimeout(120_000)

const script = join(import.meta.dir, '../../scripts/start.ts')
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
  options?: string[]
}

class Start {
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  #printed = ''
  #wake = (): void => {}
  readonly #followed: Promise<unknown>

  private constructor(port: number, { root, engine, endpoint, options = [] }: Started) {
    this.#child = Bun.spawn([process.execPath, script, '--port', String(port), ...options], {
      env: {
        ...process.env,
        HAL0_ROOT: root,
        HF_ENDPOINT: endpoint,
        HF_HOME: '/nonexistent',
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
    return new Start(await freePorts(1), how)
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

  /** Ctrl-C. @returns its exit status */
  async end(): Promise<number> {
    this.#child.kill('SIGINT')
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
  expect(printed).toContain(`${first.id} is here and verified.`)
  expect(printed).toMatch(/→ \S/)
  expect(printed).not.toContain('gibberish')
  expect(await start.end()).toBe(0)
})

test('npm start without a hub says so and falls back to the plumbing check; the next one with a hub brings the model', async () => {
  const [root, engine] = [tempDir(), await engineOnPath()]
  const without = await Start.run({ root, engine, endpoint: 'http://127.0.0.1:9' })
  expect(await without.until('hal0 stays up')).toMatch(
    /would now be fetched from the Hugging Face Hub.*\n.*plumbing check/,
  )
  expect(await without.until('gibberish, as announced')).not.toContain('First model:')
  expect(await without.end()).toBe(0)

  const hub = await hubWithFirst()
  const withHub = await Start.run({ root, engine, endpoint: hub.url })
  expect(await withHub.until('hal0 stays up')).toContain(`${first.id} is here and verified.`)
  expect(await withHub.until('hal0 stays up')).not.toContain('gibberish')
  expect(await withHub.end()).toBe(0)
})

test('npm start -- --demo asks no hub', async () => {
  const hub = await hubWithFirst()
  const start = await Start.run({
    root: tempDir(),
    engine: await engineOnPath(),
    endpoint: hub.url,
    options: ['--demo'],
  })
  expect(await start.until('hal0 stays up')).toContain('gibberish, as announced')
  expect(hub.log).toEqual([])
  expect(await start.end()).toBe(0)
})
