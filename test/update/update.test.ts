import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { currentVersion, flipCurrent } from '../../src/system/files/release-folder.ts'
import { healthMs } from '../../src/update/activate.ts'
import { check, rollback, update } from '../../src/update/update.ts'
import { tempDir } from '../support/temp-dir.ts'
import { Installation, yes } from './support/installation.ts'
import { programText, ReleaseServer } from './support/release-server.ts'

let server: ReleaseServer
let at: Installation
beforeEach(() => {
  server = new ReleaseServer()
  at = new Installation(tempDir(), '0.1.0', '0.2.0')
})
afterEach(() => server[Symbol.dispose]())

const run = (wanted: string | null = null) => update(at.host, at.source(server.url), wanted, yes)

describe('an update', () => {
  test('installs the new version, restarts the API once, keeps the one before and leaves the data alone', async () => {
    server.publish('0.3.0')
    expect(await run()).toEqual({ from: '0.2.0', to: '0.3.0', changed: true })
    expect(at.names).toEqual(['0.2.0', '0.3.0', 'current'])
    expect(await currentVersion(at.paths)).toBe('0.3.0')
    expect(at.program).toBe(programText('0.3.0'))
    expect(at.service).toMatchObject({ restarts: ['0.3.0'], answering: '0.3.0' })
    expect(at.dataIsUntouched).toBe(true)
  })

  test('to the installed version changes nothing', async () => {
    server.publish('0.2.0')
    expect(await run()).toEqual({ from: '0.2.0', to: '0.2.0', changed: false })
    expect(at.service.restarts).toEqual([])
    expect(server.asked).toEqual(['manifest.json', 'manifest.json.minisig'])
  })

  test('that the user declines changes nothing', async () => {
    server.publish('0.3.0')
    const questions: string[] = []
    const no = async (question: string) => {
      questions.push(question)
      return false
    }
    expect(await update(at.host, at.source(server.url), null, no)).toMatchObject({ changed: false })
    expect(questions).toEqual(['Replace hal0 0.2.0 by 0.3.0?'])
    expect(at.names).toEqual(['0.1.0', '0.2.0', 'current'])
  })

  test('can be run by the service’s users whatever the umask of its caller', async () => {
    server.publish('0.3.0')
    const before = process.umask(0o077)
    try {
      await run()
    } finally {
      process.umask(before)
    }
    expect([at.mode('0.3.0'), at.mode('0.3.0/hal0')]).toEqual([0o755, 0o755])
  })

  test('follows a redirect to another host', async () => {
    using mirror = new ReleaseServer()
    mirror.files.set('elsewhere', programText('0.3.0'))
    server.publish('0.3.0')
    const address = mirror.url.replace('127.0.0.1', 'localhost').replace('manifest.json', 'elsewhere')
    server.files.set('hal0-0.3.0-linux-x64', () => Response.redirect(address))
    expect(await run()).toMatchObject({ changed: true })
    expect(mirror.asked).toEqual(['elsewhere'])
  })

  test('by version can go to an older one', async () => {
    server.publish('0.1.5')
    server.publish('0.3.0')
    expect(await run('0.1.5')).toEqual({ from: '0.2.0', to: '0.1.5', changed: true })
    expect(at.names).toEqual(['0.1.5', '0.2.0', 'current'])
  })

  test('by version is refused if the address has a different one', async () => {
    server.publish('0.3.0')
    for (const end of ['', '.minisig']) {
      server.files.set(`manifest-0.2.5.json${end}`, server.files.get(`manifest.json${end}`) ?? '')
    }
    expect(run('0.2.5')).rejects.toMatchObject({ code: 'update.invalid_manifest' })
  })

  test('does not download a version that was kept', async () => {
    server.publish('0.3.0')
    await run()
    server.publish('0.2.0')
    server.asked.length = 0
    expect(await run('0.2.0')).toMatchObject({ changed: true })
    expect(server.asked).toEqual(['manifest-0.2.0.json', 'manifest-0.2.0.json.minisig'])
  })

  test('replaces a version that differs from its manifest', async () => {
    at.add('0.3.0', programText('0.3.0').replace('echo', 'printf %s'))
    server.publish('0.3.0')
    await run()
    expect(at.program).toBe(programText('0.3.0'))
  })

  test('removes what interrupted updates have left', async () => {
    at.add('.0.2.9.partial')
    writeFileSync(join(at.paths.lib, '.update.json.0123456789abcdef.tmp'), '')
    writeFileSync(join(at.paths.lib, '.current.123'), '')
    server.publish('0.3.0')
    await run()
    const names = readdirSync(at.paths.lib).sort()
    expect(names).toEqual(['0.2.0', '0.3.0', 'current', 'update.json', 'update.lock'])
  })

  test('is refused while another one is under way', async () => {
    server.publish('0.3.0')
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
    const { promise: answer, resolve: answers } = Promise.withResolvers<boolean>()
    const first = update(at.host, at.source(server.url), null, () => {
      isAsked()
      return answer
    })
    await asked
    expect(await run().catch((error) => error)).toMatchObject({ code: 'update.busy' })
    expect(await rollback(at.host, yes).catch((error) => error)).toMatchObject({ code: 'update.busy' })
    answers(true)
    expect(await first).toMatchObject({ changed: true })
  })

  test('of a hal0 that is not installed says how to install it', async () => {
    const nothing = new Installation(tempDir())
    expect(await update(nothing.host, nothing.source(server.url), null, yes).catch((error) => error)).toMatchObject({
      code: 'update.not_installed',
      message: expect.stringContaining('hal0 setup'),
    })
  })

  test('that is stopped during the download leaves nothing', async () => {
    server.publish('0.3.0')
    const stop = new AbortController()
    const reason = new Error('Ctrl-C')
    server.files.set('hal0-0.3.0-linux-x64', () => {
      stop.abort(reason)
      return new Response(programText('0.3.0'))
    })
    const host = { ...at.host, downloadLimits: { ...at.host.downloadLimits, signal: stop.signal } }
    expect(await update(host, at.source(server.url), null, yes).catch((error) => error)).toBe(reason)
    expect(at.names).toEqual(['0.1.0', '0.2.0', 'current'])
  })
})

describe('the API', () => {
  beforeEach(() => server.publish('0.3.0'))

  test('that stays silent brings the old version back after 30 s, with what the new one printed', async () => {
    at.service.silent.add('0.3.0')
    const error = await run().catch((caught) => caught)
    expect(error).toMatchObject({
      code: 'update.unhealthy',
      message: 'hal0 0.3.0 was undone: it did not answer within 30 s. hal0 0.2.0 runs again.',
      details: { restored: true, printed: ['the last line of a failing version'] },
    })
    expect(at.service).toMatchObject({ restarts: ['0.3.0', '0.2.0'], answering: '0.2.0' })
    expect(at.waited).toBeGreaterThanOrEqual(healthMs)
    expect(at.waited).toBeLessThan(healthMs + 1000)
    // The previous version is also still there to go back to.
    expect(at.names).toEqual(['0.1.0', '0.2.0', 'current'])
    expect(await currentVersion(at.paths)).toBe('0.2.0')
  })

  test('that ends by itself brings the old version back at once', async () => {
    at.service.broken.add('0.3.0')
    expect(await run().catch((caught) => caught)).toMatchObject({
      message: expect.stringContaining('it ended by itself'),
    })
    expect(at.waited).toBe(0)
    expect(at.service.answering).toBe('0.2.0')
  })

  test('that still answers as the old version does not count as the new one', async () => {
    at.service.restart = async () => {
      at.service.restarts.push('nothing happens')
    }
    expect(await run().catch((caught) => caught)).toMatchObject({
      message: expect.stringContaining('hal0 0.2.0 still answered within 30 s'),
    })
    expect(await currentVersion(at.paths)).toBe('0.2.0')
  })

  test('that runs in neither version is reported as such, and the old one stays installed', async () => {
    at.service.silent.add('0.3.0').add('0.2.0')
    expect(await run().catch((caught) => caught)).toMatchObject({
      message: expect.stringContaining('hal0 0.2.0 is installed again, but does not run either'),
      details: { restored: false },
    })
    expect(await currentVersion(at.paths)).toBe('0.2.0')
  })

  test('that cannot be restarted keeps the old version', async () => {
    at.service.failure = new Hal0Error('supervisor.failed', 'systemd refuses.')
    expect(await run().catch((caught) => caught)).toMatchObject({
      code: 'update.unhealthy',
      message: expect.stringContaining('systemd refuses.'),
    })
    expect(await currentVersion(at.paths)).toBe('0.2.0')
  })

  test('whose manager does not answer is not updated at all', async () => {
    at.service.state = async () => {
      throw new Hal0Error('supervisor.failed', 'systemd did not answer.')
    }
    expect(await run().catch((caught) => caught)).toMatchObject({ code: 'supervisor.failed' })
    expect(at.names).toEqual(['0.1.0', '0.2.0', 'current'])
    expect(await currentVersion(at.paths)).toBe('0.2.0')
  })

  test('that somebody stopped is not started', async () => {
    at.service.current = 'stopped'
    at.service.answering = null
    expect(await run()).toMatchObject({ changed: true })
    expect(at.service.restarts).toEqual([])
    expect(at.said.join(' ')).toContain('Its next start runs 0.3.0')
  })

  test('that no service runs is left to the user', async () => {
    expect(await update({ ...at.host, service: null }, at.source(server.url), null, yes)).toMatchObject({
      changed: true,
    })
    expect(at.said.join(' ')).toContain('Restart it yourself')
  })
})

describe('after an update that was killed', () => {
  const leave = (leaving: string) =>
    writeFileSync(join(at.paths.lib, 'update.json'), JSON.stringify({ previous: '0.1.0', leaving }))
  beforeEach(() => server.publish('0.3.0'))

  test('after the flip, the next one first makes sure that the new version runs', async () => {
    at.add('0.3.0')
    leave('0.2.0')
    await flipCurrent(at.paths, '0.3.0')
    expect(await run()).toEqual({ from: '0.3.0', to: '0.3.0', changed: false })
    expect(at.service).toMatchObject({ restarts: ['0.3.0'], answering: '0.3.0' })
    expect(at.names).toEqual(['0.2.0', '0.3.0', 'current'])
    expect(await rollback(at.host, yes)).toMatchObject({ to: '0.2.0' })
  })

  test('after the flip to a version that does not run, the next one goes back, and the one after that succeeds', async () => {
    at.add('0.3.0')
    leave('0.2.0')
    await flipCurrent(at.paths, '0.3.0')
    at.service.silent.add('0.3.0')
    expect(await run().catch((caught) => caught)).toMatchObject({ code: 'update.unhealthy' })
    expect(at.service.answering).toBe('0.2.0')
    at.service.silent.clear()
    expect(await run()).toEqual({ from: '0.2.0', to: '0.3.0', changed: true })
  })

  test('after the flip back, the next one makes sure that the old version runs', async () => {
    leave('0.2.0')
    at.service.answering = null
    expect(await run()).toMatchObject({ changed: true })
    expect(at.service.restarts).toEqual(['0.2.0', '0.3.0'])
  })

  test('before the flip, the next one restarts only what it updates', async () => {
    leave('0.2.0')
    expect(await run()).toMatchObject({ changed: true })
    expect(at.service.restarts).toEqual(['0.3.0'])
  })

  test('and whose previous version is gone, the next one succeeds', async () => {
    leave('0.0.9')
    expect(await run()).toMatchObject({ changed: true })
  })

  test('an unreadable record is named', async () => {
    writeFileSync(join(at.paths.lib, 'update.json'), '{')
    expect(await run().catch((caught) => caught)).toMatchObject({
      code: 'storage.failed',
      message: expect.stringContaining('Remove it and try again'),
    })
  })
})

describe('going back', () => {
  test('leads to the previous version, and the second time to the newer one again, without a network', async () => {
    server.publish('0.3.0')
    await run()
    server[Symbol.dispose]()
    expect(await rollback(at.host, yes)).toEqual({ from: '0.3.0', to: '0.2.0', changed: true })
    expect(at.service.answering).toBe('0.2.0')
    expect(await rollback(at.host, yes)).toEqual({ from: '0.2.0', to: '0.3.0', changed: true })
    expect(at.names).toEqual(['0.2.0', '0.3.0', 'current'])
  })

  test('if no update has run yet leads to the newest of the older versions', async () => {
    expect(await rollback(at.host, yes)).toMatchObject({ to: '0.1.0' })
  })

  test('without another version is refused', async () => {
    const alone = new Installation(tempDir(), '0.2.0')
    expect(await rollback(alone.host, yes).catch((error) => error)).toMatchObject({
      code: 'update.no_previous',
      message: expect.stringContaining('hal0 update --to'),
    })
  })

  test('to a version that no longer runs is refused', async () => {
    chmodSync(join(at.paths.lib, '0.1.0/hal0'), 0o644)
    expect(await rollback(at.host, yes).catch((error) => error)).toMatchObject({ code: 'update.broken' })
    expect(await currentVersion(at.paths)).toBe('0.2.0')
  })
})

describe('only checking', () => {
  test('says what is available and changes nothing', async () => {
    const ask = () => check(at.host, at.source(server.url), null)
    const before = readdirSync(at.paths.lib)
    server.publish('0.3.0')
    expect(await ask()).toMatchObject({ current: '0.2.0', available: '0.3.0', newer: true })
    server.publish('0.2.0')
    expect(await ask()).toMatchObject({ available: '0.2.0', newer: false })
    server.publish('0.1.0')
    expect(await ask()).toMatchObject({ available: '0.1.0', newer: false })
    expect(readdirSync(at.paths.lib)).toEqual(before)
    server.files.delete('manifest.json.minisig')
    expect(await ask().catch((error) => error)).toMatchObject({ code: 'update.untrusted' })
  })
})
