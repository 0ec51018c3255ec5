import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changedPaths, parseAssignments } from '../../../src/cli/config/assignments.ts'
import { Failure } from '../../../src/cli/terminal/failure.ts'
import type { Settings } from '../../../src/contract/settings.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0 } from '../support/run-cli.ts'
import { noTerminal, Terminal } from '../support/terminal.ts'

const settings = (changes: Partial<Settings> = {}): Settings => ({
  file: '/etc/hal0/hal0.toml',
  values: {
    host: '127.0.0.1',
    port: 9000,
    supervisor: 'process',
    allowed_hosts: ['nas.local'],
    auth: 'auto',
    behind_proxy: [],
    cors_origins: [],
    max_body_mb: 64,
    body_memory_mb: 256,
    drain_s: 10,
    slots: { ports: '8081-8099' },
    engines: { 'llama.cpp': null },
    hub: { mirrors: [], token: 'file' },
    update: { url: null },
    decisions: { keep: 100_000, keep_days: 90, keep_mb: 256 },
  },
  set: ['port', 'allowed_hosts'],
  overridden: ['supervisor'],
  restart_needed: false,
  problems: [],
  ...changes,
})

/** An address where nothing listens. */
const nowhere = 'http://127.0.0.1:9'
const token = 'hf_onlyForTheHub'

describe('show', () => {
  test('lists every key with its value and origin, and for the token only the origin', async () => {
    using api = new FakeApi({ showSettings: () => settings() })
    const { code, stdout, stderr } = await hal0(['config', 'show'], { url: api.url })
    expect([code, stderr]).toEqual([0, 'The file is /etc/hal0/hal0.toml\n'])
    expect(stdout).toMatch(/^port +9000 +set$/m)
    expect(stdout).toMatch(/^allowed_hosts +\["nas\.local"\] +set$/m)
    expect(stdout).toMatch(/^supervisor +process +command line$/m)
    expect(stdout).toMatch(/^engines\.llama\.cpp +- +default$/m)
    expect(stdout).toMatch(/^hub\.token +\(not shown\) +file$/m)
  })

  test('prints the answer with --json, and warns about settings without effect', async () => {
    const answer = settings({ problems: ['The token is open to others.'], restart_needed: true })
    using api = new FakeApi({ showSettings: () => answer })
    expect(JSON.parse((await hal0(['config', 'show', '--json'], { url: api.url })).stdout)).toEqual(answer)
    const { stderr } = await hal0(['config', 'show'], { url: api.url })
    expect(stderr).toContain('Warning: The token is open to others.')
    expect(stderr).toContain('Restart hal0 for this to take effect: ')
  })
})

describe('set', () => {
  test('sends the words as a patch and prints the resulting values', async () => {
    using api = new FakeApi({ editSettings: () => settings({ restart_needed: true }) })
    const { code, stdout, stderr } = await hal0(['config', 'set', 'port=9000', 'slots.ports=8081-8099'], {
      url: api.url,
    })
    expect([code, stdout]).toEqual([0, 'port = 9000\nslots.ports = 8081-8099\n'])
    expect(stderr).toContain('Restart hal0 for this to take effect: ')
    expect(api.calls.map(({ body }) => body)).toEqual([{ port: 9000, slots: { ports: '8081-8099' } }])
  })

  test('says when the daemon’s command line wins', async () => {
    using api = new FakeApi({ editSettings: () => settings() })
    const { stderr } = await hal0(['config', 'set', 'supervisor=auto'], { url: api.url })
    expect(stderr).toContain("the daemon's command line wins")
  })

  test('converts values to the types of the keys', () => {
    expect(
      parseAssignments([
        'port=null',
        'max_body_mb=0.5',
        'allowed_hosts=a, b',
        'engines.llama.cpp=/opt/a=b',
        'hub.mirrors=["https://a"]',
        'update.url=https://u',
        'slots.ports=null',
      ]),
    ).toEqual({
      port: null,
      max_body_mb: 0.5,
      allowed_hosts: ['a', 'b'],
      engines: { 'llama.cpp': '/opt/a=b' },
      hub: { mirrors: ['https://a'] },
      update: { url: 'https://u' },
      slots: { ports: null },
    })
    expect(changedPaths(['slots.ports=1', 'port=2'])).toEqual([['port'], ['slots', 'ports']])
  })

  const refused: [string, string][] = [
    ['port', 'KEY=VALUE'],
    ['=1', 'KEY=VALUE'],
    ['prot=1', 'The keys are: host, port'],
    ['__proto__=1', 'is not a setting'],
    ['slots=1', 'is not a setting'],
    ['prot=1', 'Did you mean port?'],
    ['port=high', 'takes a whole number from 0 to 65535, e.g. hal0 config set port=8080'],
    ['port=70000', '65535'],
    [
      'slots.ports=many',
      'takes a text, which must be a range of ports, as 8081-8099, e.g. hal0 config set slots.ports=8081-8099',
    ],
    ['engines.llama.cpp=', 'takes a text, e.g. hal0 config set engines.llama.cpp=TEXT'],
    ['hub.mirrors=hub.example', 'e.g. hal0 config set hub.mirrors=https://hub.example'],
    ['supervisor=upstart', 'one of auto'],
    ['supervisor=sytemd', 'Did you mean systemd?'],
  ]
  test.each(refused)('refuses %s as wrong usage', (assignment, words) => {
    try {
      parseAssignments([assignment])
    } catch (error) {
      expect(error).toBeInstanceOf(Failure)
      expect([(error as Failure).exitCode, (error as Failure).message]).toEqual([2, expect.stringContaining(words)])
      return
    }
    throw new Error('it was taken')
  })

  test('does not accept a token, and does not repeat the one that was typed', async () => {
    const { code, stdout, stderr } = await hal0(['config', 'set', `hub.token=${token}`], { url: nowhere })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('hal0 config token')
    expect(stderr).not.toContain(token)
  })
})

describe('check', () => {
  const check = async (text: string) => {
    const path = join(tempDir(), 'hal0.toml')
    writeFileSync(path, text)
    return hal0(['config', 'check', path], { url: nowhere })
  }

  test('finds nothing wrong in a valid file, without a daemon', async () => {
    expect(await check('port = 9000\n[slots]\nports = "1-2"\n')).toMatchObject({ code: 0, stderr: '' })
  })

  const broken: [string, string, string][] = [
    ['a mistake of syntax, with its line', 'host = "::1"\nport = = 1\n', 'line 2'],
    ['a wrong type', 'port = "high"\n', 'port must be integer'],
    ['a range of ports that is none', '[slots]\nports = "9-1"\n', 'slots.ports is not a range of ports'],
    [
      'a mirror with a password',
      '[hub]\nmirrors = ["https://me:pw@m"]\n',
      'hub.mirrors.0 holds a user name or password',
    ],
  ]
  test.each(broken)('tells %s', async (_, text, words) => {
    const { code, stdout, stderr } = await check(text)
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(words)])
  })

  test('warns about unknown keys without failing', async () => {
    const { code, stderr } = await check('prot = 1\n[slots]\nport = 1\n[keys]\na = 1\n')
    expect(code).toBe(0)
    for (const key of ['prot', 'slots.port', 'keys'])
      expect(stderr).toContain(`Warning: This version of hal0 does not know the key ${key}`)
  })

  test('checks hal0.toml of this machine by default, and says when there is none', async () => {
    const env = { HAL0_ROOT: tempDir() }
    expect((await hal0(['config', 'check'], { env })).stdout).toContain('every setting has its default')
    expect((await hal0(['config', 'check', 'nothing.toml'], { env })).code).toBe(4)
    mkdirSync(join(env.HAL0_ROOT, 'etc/hal0'), { recursive: true })
    writeFileSync(join(env.HAL0_ROOT, 'etc/hal0/hal0.toml'), 'prot = 1\nport = "x"\n')
    const { code, stdout } = await hal0(['config', 'check', '--json'], { env })
    const file = join(env.HAL0_ROOT, 'etc/hal0/hal0.toml')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      file,
      problems: [`${file} is not valid: port must be integer.`],
      warnings: [expect.stringContaining('prot')],
    })
  })
})

describe('edit', () => {
  const before = '# mine\nport = 9000\n'

  /** A machine whose editor is this shell script; `$1` is the file. */
  const machine = (script: string, text: string | null = before) => {
    const root = tempDir()
    const file = join(root, 'etc/hal0/hal0.toml')
    mkdirSync(join(root, 'etc/hal0'), { recursive: true })
    if (text !== null) writeFileSync(file, text, { mode: 0o640 })
    const editor = join(root, 'editor')
    writeFileSync(editor, `#!/bin/sh\n${script}\n`)
    chmodSync(editor, 0o755)
    const env = { HAL0_ROOT: root, VISUAL: editor, EDITOR: '/bin/false', TMPDIR: root }
    return { root, file, env, read: () => readFileSync(file, 'utf8') }
  }

  test('replaces the file with the edited copy, and keeps its mode', async () => {
    const { root, file, env, read } = machine(
      'test "$1" != "$HAL0_ROOT/etc/hal0/hal0.toml" && sed -i s/9000/9001/ "$1"',
    )
    const { code, stdout } = await hal0(['config', 'edit'], { url: nowhere, env })
    expect([code, stdout, read()]).toEqual([0, `${file} is saved.\n`, '# mine\nport = 9001\n'])
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect([readdirSync(join(root, 'etc/hal0')), readdirSync(root)]).toEqual([['hal0.toml'], ['editor', 'etc']])
  })

  test('says whether a restart is needed', async () => {
    const { file, env } = machine('sed -i s/9000/9001/ "$1"')
    using api = new FakeApi({ showSettings: () => settings({ file, restart_needed: true }) })
    const { stderr } = await hal0(['config', 'edit'], { url: api.url, env })
    expect(stderr).toContain('Restart hal0 for this to take effect: ')
  })

  test('warns when the daemon reads another file', async () => {
    const { file, env } = machine('true')
    using api = new FakeApi({ showSettings: () => settings() })
    const { stdout, stderr } = await hal0(['config', 'edit'], { url: api.url, env })
    expect(stderr).toContain('reads /etc/hal0/hal0.toml')
    expect(stdout).toBe(`${file} is unchanged.\n`)
  })

  test('drops a broken change if nobody can be asked, and says what is wrong', async () => {
    const { env, read } = machine('echo "port = =" > "$1"')
    const { code, stderr } = await hal0(['config', 'edit'], { url: nowhere, env })
    expect([code, read()]).toEqual([1, before])
    expect(stderr).toContain('line 1')
    expect(stderr).toContain('stays as it was')
  })

  test('changes nothing when the editor fails, or somebody else has changed the file', async () => {
    const failing = machine('echo "port = 1" > "$1"; exit 3')
    const failed = await hal0(['config', 'edit'], { url: nowhere, env: failing.env })
    expect([failed.code, failing.read()]).toEqual([1, before])
    expect(failed.stderr).toContain('status 3')
    const raced = machine('echo "port = 1" > "$1"; echo "port = 2" > "$HAL0_ROOT/etc/hal0/hal0.toml"')
    const lost = await hal0(['config', 'edit'], { url: nowhere, env: raced.env })
    expect([lost.code, raced.read()]).toEqual([1, 'port = 2\n'])
    expect(lost.stderr).toContain('port = 1')
  })

  test('creates a missing file, but only if something was edited', async () => {
    const idle = machine('true', null)
    expect((await hal0(['config', 'edit'], { url: nowhere, env: idle.env })).code).toBe(0)
    expect(existsSync(idle.file)).toBe(false)
    const busy = machine('echo "port = 1" >> "$1"', null)
    await hal0(['config', 'edit'], { url: nowhere, env: busy.env })
    expect(busy.read()).toEndWith('port = 1\n')
  })
})

describe('token', () => {
  test('is read from stdin and sent, and no output repeats it', async () => {
    using api = new FakeApi({ editSettings: () => settings() })
    for (const flags of [[], ['--json']]) {
      const { code, stdout, stderr } = await hal0(['config', 'token', ...flags], { url: api.url, stdin: ` ${token}\n` })
      expect(code).toBe(0)
      expect(stdout + stderr).not.toContain(token)
    }
    expect(api.calls.map(({ body }) => body)).toEqual([{ hub: { token } }, { hub: { token } }])
  })

  test('is removed with --remove, which says what the daemon uses instead', async () => {
    const values = { ...settings().values, hub: { mirrors: [], token: 'environment' as const } }
    using api = new FakeApi({ editSettings: () => settings({ values }) })
    const { stdout } = await hal0(['config', 'token', '--remove'], { url: api.url })
    expect(api.calls.map(({ body }) => body)).toEqual([{ hub: { token: null } }])
    expect(stdout).toContain('HF_TOKEN')
  })

  test.each(['', ' \n', 'hf_a b', 'hf_ä', 'hf_a\nhf_b'])(
    'that is invalid is refused before it is sent: %j',
    async (stdin) => {
      using api = new FakeApi({ editSettings: () => settings() })
      const { code, stdout, stderr } = await hal0(['config', 'token'], { url: api.url, stdin })
      expect([code, stdout, api.calls]).toEqual([2, '', []])
      expect(stderr).not.toContain('hf_')
    },
  )

  test('cannot be given as an argument', async () => {
    const { code, stderr } = await hal0(['config', 'token', token], { url: nowhere })
    expect(code).toBe(2)
    expect(stderr).toContain('Unexpected argument')
  })
})

describe.skipIf(noTerminal !== null)('on a terminal', () => {
  test('a token is asked for and not shown; a mistyped key can be deleted', async () => {
    using api = new FakeApi({ editSettings: () => settings() })
    using terminal = new Terminal(['config', 'token'], { HAL0_URL: api.url })
    await terminal.shows(/Token of the hub/)
    terminal.press('-l', `${token}y`)
    terminal.press('BSpace', 'Enter')
    const screen = await terminal.shows(/exit 0/)
    expect(screen).not.toContain('hf_')
    expect(api.calls.map(({ body }) => body)).toEqual([{ hub: { token } }])
  }, 30_000)

  test('Ctrl-C abandons the edit', async () => {
    using api = new FakeApi({ editSettings: () => settings() })
    using terminal = new Terminal(['config', 'token'], { HAL0_URL: api.url })
    await terminal.shows(/Token of the hub/)
    terminal.press('-l', 'hf_half')
    terminal.press('C-c')
    expect(await terminal.shows(/exit 130/)).toContain('Nothing was changed.')
    expect(api.calls).toEqual([])
  }, 30_000)

  test('a broken file can be edited again', async () => {
    const root = tempDir()
    mkdirSync(join(root, 'etc/hal0'), { recursive: true })
    writeFileSync(join(root, 'etc/hal0/hal0.toml'), 'port = 1\n')
    const editor = join(root, 'editor')
    writeFileSync(editor, '#!/bin/sh\necho broken > "$1"\n')
    chmodSync(editor, 0o755)
    using terminal = new Terminal(['config', 'edit'], { HAL0_URL: nowhere, HAL0_ROOT: root, VISUAL: editor })
    await terminal.shows(/Edit it again\?/)
    writeFileSync(editor, '#!/bin/sh\necho "port = 2" > "$1"\n')
    terminal.press('y', 'Enter')
    await terminal.shows(/exit 0/)
    expect(readFileSync(join(root, 'etc/hal0/hal0.toml'), 'utf8')).toBe('port = 2\n')
  }, 30_000)
})
