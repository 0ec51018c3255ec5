/** The words of the command line, through the executable and a daemon: short forms, near names, refusals before anything is done. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { Daemon, runHal0 } from '../support/daemon.ts'
import { tinyModel } from '../support/tiny-model.ts'

setDefaultTimeout(60_000)

const start = async () => {
  const daemon = await Daemon.start()
  const run = (line: string) => runHal0(line.split(' '), { env: daemon.env })
  return { daemon, run }
}

test('nothing is listed as an empty list for programs', async () => {
  const { run } = await start()
  for (const line of [
    'ps',
    'ls',
    'pulls',
    'slot list',
    'model list',
    'model outdated',
    'model gc',
    'model verify',
    'logs',
  ]) {
    expect([line, await run(`${line} --json`)]).toEqual([
      line,
      { code: 0, stdout: '[]\n', stderr: expect.any(String) as string },
    ])
  }
})

test('a slot with a model that does not exist is refused with near names, and not created', async () => {
  const { run } = await start()
  const refused = await run('slot create primary --model smollm2-135m')
  expect(refused.code).toBe(4)
  expect(refused.stderr).toContain(
    'neither here nor in the catalog. Nothing was changed. Did you mean smollm2-135m-instruct-q4_1',
  )
  expect((await run('ps --json')).stdout).toBe('[]\n')
})

test('short forms, arguments as in a shell, near names, and removals for scripts', async () => {
  const { run, daemon } = await start()
  expect(await run(`model import ${await tinyModel()} --id tiny --link`)).toMatchObject({ code: 0 })
  expect(await run('slot create primary --model tiny')).toMatchObject({ code: 0 })
  const edited = await runHal0(['slot', 'edit', 'primary', '--set', 'extra_args=-t 2 --log-prefix'], {
    env: daemon.env,
  })
  expect(edited.stdout).toBe('primary: extra_args = -t 2 --log-prefix\n')
  expect((await run('slot show primary')).stdout).toMatch(/^extra_args +-t 2 --log-prefix$/m)
  expect(await run('slot show primay')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('Did you mean primary?') as string,
  })
  expect((await run('slot swap primary --model tin')).stderr).toContain('Did you mean tiny?')
  expect((await run('stop primary')).stderr).toContain('Cannot unload slot primary: it is offline.')
  expect((await run('__complete stop p')).stdout).toBe('primary\n')
  expect((await run('rm tiny')).stderr).toContain('primary')
  expect(await run('rm primary -f')).toMatchObject({ code: 0, stdout: 'primary is removed.\n' })
  expect(await run('slot delete primary --force')).toMatchObject({ code: 0 })
  expect(await run('rm tiny -f')).toMatchObject({ code: 0, stdout: 'tiny is removed.\n' })
  expect((await run('ls --json')).stdout).toBe('[]\n')
})

test('a mistyped word is wrong usage that names the near one', async () => {
  for (const [line, words] of [
    ['slto list', 'Did you mean hal0 slot?'],
    ['load primary', 'Did you mean hal0 slot load?'],
    ['slot list --jsno', 'Did you mean --json?'],
    ['slot create a --model tiny --set contextsize=1', 'Did you mean context_size?'],
    ['config set prot=1', 'Did you mean port?'],
  ] as const) {
    const { code, stdout, stderr } = await runHal0(line.split(' '), { env: { HAL0_URL: 'http://127.0.0.1:9' } })
    expect({ line, code, stdout }).toEqual({ line, code: 2, stdout: '' })
    expect(stderr).toContain(words)
  }
})
