/** The executable by itself: moved, in a hostile folder, with nothing of its source beside it. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { binary, Daemon, runHal0 } from '../support/daemon.ts'
import { makeStandIn } from '../support/stand-in-llama.ts'
import { tinyModel } from '../support/tiny-model.ts'

setDefaultTimeout(60_000)

/** A copy in a folder of its own, which has everything that Bun would load by itself, each of which leaves a mark. */
const moveOut = () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hal0-moved-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'bin', 'hal0')
  mkdirSync(join(folder, 'bin'))
  copyFileSync(binary, program)
  const mark = join(folder, 'was-run')
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")\n`
  writeFileSync(join(folder, 'trap.js'), trap)
  writeFileSync(
    join(folder, 'bunfig.toml'),
    'preload = ["./trap.js"]\n[run]\npreload = ["./trap.js"]\n[serve]\nport = 1\n',
  )
  writeFileSync(
    join(folder, '.env'),
    `HAL0_ROOT=${folder}/stolen\nHAL0_URL=http://127.0.0.1:1\nNODE_OPTIONS=--require ./trap.js\n`,
  )
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs","imports":{"#x":"./trap.js"}}')
  writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{"paths":{"*":["./trap.js"]}}}')
  return { folder, program, mark }
}

test('moved to another folder, from cwd /, it serves API, dashboard and a model', async () => {
  const { program } = moveOut()
  const daemon = await Daemon.start({ program, cwd: '/' })
  const page = await daemon.call<string>('GET', '/')
  expect(page.headers.get('content-type')).toContain('text/html')
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
  expect(assets.length).toBeGreaterThan(0)
  for (const asset of assets.filter((path) => !/^(?:https?:|data:|#)/.test(path))) {
    const { status, headers } = await daemon.call('GET', new URL(asset, 'http://h/').pathname)
    expect([asset, status]).toEqual([asset, 200])
    expect(headers.get('content-type')).toMatch(/javascript|css|svg|icon|html|json/)
  }
  const api = await daemon.must<{ openapi: string; paths: object; info: { version: string } }>('GET', '/openapi.json')
  expect(api.openapi).toStartWith('3.1')
  expect(Object.keys(api.paths)).toContain('/api/slots/{name}/load')
  expect(api.info.version).toBe(packageJson.version)
  await daemon.addSlot(await tinyModel(), { name: 'primary', engine: makeStandIn(join(daemon.root, 'engine')) })
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
})

test('a hostile bunfig.toml, .env, package.json and tsconfig.json in its cwd are ignored', async () => {
  const { folder, program, mark } = moveOut()
  const { code, stdout, stderr } = await runHal0(['version'], { program, cwd: folder })
  expect([code, stdout.trim(), stderr]).toEqual([0, expect.stringContaining(packageJson.version) as never, ''])
  const daemon = await Daemon.start({ program, cwd: folder })
  expect((await daemon.call('GET', '/api/health')).body).toEqual({ status: 'ok' })
  expect(existsSync(mark)).toBe(false)
  expect(existsSync(join(folder, 'stolen'))).toBe(false)
})

test('the CLI of the same binary drives the daemon: import, create, load, status, unload', async () => {
  const daemon = await Daemon.start()
  const { env } = daemon
  const hal0 = async (...args: string[]) => {
    const done = await runHal0(args, { env })
    expect([args.join(' '), done.code, done.code === 0 ? '' : done.stderr]).toEqual([args.join(' '), 0, ''])
    return done
  }
  const engine = makeStandIn(join(daemon.root, 'engine'), { load_ms: 100 })
  await hal0('model', 'import', await tinyModel(), '--id', 'tiny', '--link')
  await hal0('slot', 'create', 'primary', '--model', 'tiny', '--set', `engine=${engine}`)
  await hal0('slot', 'load', 'primary')
  const status = JSON.parse((await hal0('status', '--json')).stdout) as { slots: unknown[] }
  expect(status.slots).toMatchObject([{ name: 'primary', state: 'ready', model: 'tiny' }])
  await hal0('slot', 'unload', 'primary')
  const unknown = await runHal0(['slot', 'show', 'nowhere'], { env })
  expect([unknown.code, unknown.stdout]).toEqual([4, ''])
  expect(unknown.stderr).toContain('nowhere')
  await daemon.kill()
  expect((await runHal0(['status'], { env })).code).toBe(3)
})

test('it starts soon and stays small', async () => {
  const daemon = await Daemon.start()
  const times: number[] = []
  for (let round = 0; round < 5; round++) times.push(await daemon.restart())
  console.log(`daemon listens after ${times.map(Math.round).join(', ')} ms`)
  expect(Math.min(...times)).toBeLessThan(2000)
})
