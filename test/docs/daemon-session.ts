/** A shell in which the commands of a page run: a daemon, the compiled hal0 on the PATH, a hub, and an empty home. */
import { onTestFinished } from 'bun:test'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { binary, Daemon } from '../support/daemon.ts'
import { FakeHub } from '../support/fake-hub/fake-hub.ts'
import { realEngine } from '../support/real-engine.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'

/** Repositories that the pages pull from, here with tiny models in place of the real ones. */
const repositories = {
  'Qwen/Qwen2.5-0.5B-Instruct-GGUF': ['qwen2.5-0.5b-instruct-q4_k_m.gguf', 'qwen2.5-0.5b-instruct-q8_0.gguf'],
  'bartowski/Qwen2.5-0.5B-Instruct-GGUF': ['Qwen2.5-0.5B-Instruct-Q4_K_M.gguf'],
}

export interface Session {
  daemon: Daemon
  /** Runs a script in bash, which stops at its first failure. @throws Error with everything that it printed */
  bash(script: string): Promise<string>
}

const hubWithTinyModels = async (): Promise<FakeHub> => {
  const content = new Uint8Array(await Bun.file(await tinyModel()).arrayBuffer())
  const repos = Object.entries(repositories).map(([id, names]) => ({
    id,
    files: names.map((path) => ({ path, content })),
  }))
  const hub = await FakeHub.start({ repos })
  onTestFinished(() => hub.stop())
  return hub
}

/** Call it inside a test. */
export const openSession = async (): Promise<Session> => {
  const hub = await hubWithTinyModels()
  const home = tempDir()
  const bin = join(home, 'bin')
  mkdirSync(bin)
  symlinkSync(binary, join(bin, 'hal0'))
  // A very small model may go on until its context is full.
  writeFileSync(join(bin, 'llama-server'), `#!/bin/sh\nexec ${await realEngine()} "$@" --predict 48\n`, { mode: 0o755 })
  mkdirSync(join(home, 'Downloads'))
  copyFileSync(await tinyModel(), join(home, 'Downloads/my-model.gguf'))
  const path = `${bin}:${dirname(process.execPath)}:${process.env.PATH}`
  const daemon = await Daemon.start({
    env: { HF_ENDPOINT: hub.url, HOME: home, HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1', PATH: path },
  })
  const bash = async (script: string): Promise<string> => {
    const here = script.replaceAll('http://localhost:8080', daemon.url)
    const child = Bun.spawn(['bash', '-euxo', 'pipefail', '-c', here], {
      cwd: home,
      env: { ...process.env, ...daemon.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (code !== 0) throw new Error(`ended with ${code}:\n${stdout}\n${stderr.slice(-3000)}`)
    return stdout
  }
  return { daemon, bash }
}
