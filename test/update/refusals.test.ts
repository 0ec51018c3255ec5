/** A bad release changes nothing, and is refused with the right reason. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { makeKeyPair } from '../../scripts/release/minisign.ts'
import type { ErrorCode } from '../../src/contract/error.ts'
import type { ReleaseManifest } from '../../src/contract/release.ts'
import { update } from '../../src/update/update.ts'
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

const program = programText('0.3.0')
const artifact = 'hal0-0.3.0-linux-x64'
const text = (name: string) => String(server.files.get(name))
const never = () => new Promise<Response>(() => {})
const publish = (options: Parameters<ReleaseServer['publish']>[1] = {}) => server.publish('0.3.0', options)
const publishWith = (change: (manifest: ReleaseManifest) => void) => publish({ change })

/** Sends `first`, then nothing more, and keeps the connection open. */
const stall = (first: string) => () =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from(first)),
    }),
  )

interface Case {
  what: string
  code: ErrorCode
  message: RegExp
  prepare(): void
}

const cases: Case[] = [
  {
    what: 'a manifest without a signature',
    code: 'update.untrusted',
    message: /is not signed/,
    prepare() {
      publish()
      server.files.delete('manifest.json.minisig')
    },
  },
  {
    what: 'a manifest that was changed after it was signed',
    code: 'update.untrusted',
    message: /one of them was changed/,
    prepare() {
      publish()
      server.files.set('manifest.json', text('manifest.json').replace('0.3.0', '0.3.1'))
    },
  },
  {
    what: 'the signature of another release',
    code: 'update.untrusted',
    message: /one of them was changed/,
    prepare() {
      server.publish('0.2.9')
      const signature = text('manifest.json.minisig')
      publish()
      server.files.set('manifest.json.minisig', signature)
    },
  },
  {
    what: 'a manifest signed with an unknown key',
    code: 'update.untrusted',
    message: /key that this hal0 does not know/,
    prepare: () => publish({ secret: makeKeyPair().secret }),
  },
  {
    what: 'a signature that is no base64',
    code: 'update.untrusted',
    message: /not a minisign signature/,
    prepare() {
      publish()
      server.files.set('manifest.json.minisig', text('manifest.json.minisig').replaceAll(/[+/=A-F]/g, '!'))
    },
  },
  {
    what: 'a signature without end',
    code: 'update.network',
    message: /sent more than the 16384 bytes/,
    prepare() {
      publish()
      server.files.set('manifest.json.minisig', 'x'.repeat(20_000))
    },
  },
  {
    what: 'a manifest without end',
    code: 'update.network',
    message: /sent more than the 65536 bytes/,
    prepare() {
      publish()
      server.files.set('manifest.json', 'x'.repeat(70_000))
    },
  },
  {
    what: 'a signed manifest that is no JSON',
    code: 'update.invalid_manifest',
    message: /signed, but not valid/,
    prepare: () => server.sign('0.3.0', '{"version":'),
  },
  {
    what: 'a signed manifest that lacks a field',
    code: 'update.invalid_manifest',
    message: /released_at is missing/,
    prepare: () => server.sign('0.3.0', '{"version":"0.3.0"}'),
  },
  {
    what: 'a version that would be a path',
    code: 'update.invalid_manifest',
    message: /version/,
    prepare: () =>
      publishWith((manifest) => {
        manifest.version = '../../0.3.0'
      }),
  },
  {
    what: 'a version that semver does not allow',
    code: 'update.invalid_manifest',
    message: /"0\.3\.0-\.\." is not a version/,
    prepare: () =>
      publishWith((manifest) => {
        manifest.version = '0.3.0-..'
      }),
  },
  {
    what: 'an expired manifest',
    code: 'update.expired',
    message: /expired at/,
    prepare: () =>
      publishWith((manifest) => {
        manifest.expires_at = new Date(Date.now() - 1000).toISOString()
      }),
  },
  {
    what: 'an older release',
    code: 'update.older',
    message: /older than the installed hal0 0\.2\.0/,
    prepare: () => server.publish('0.1.9'),
  },
  {
    what: 'a release too far ahead',
    code: 'update.too_far',
    message: /First run: hal0 update --to 0\.2\.5/,
    prepare: () =>
      publishWith((manifest) => {
        manifest.min_version = '0.2.5'
      }),
  },
  {
    what: 'a release without an executable for this machine',
    code: 'update.no_artifact',
    message: /not released for this machine \(linux-x64\); there is: nothing/,
    prepare: () =>
      publishWith((manifest) => {
        manifest.targets = {}
      }),
  },
  {
    what: 'an executable at no address of the web',
    code: 'update.not_configured',
    message: /not an http or https address/,
    prepare: () =>
      publishWith((manifest) => {
        if (manifest.targets['linux-x64'] !== undefined) manifest.targets['linux-x64'].url = 'file:///bin/true'
      }),
  },
  {
    what: 'an executable that was changed',
    code: 'update.checksum_mismatch',
    message: /its SHA-256 differs/,
    prepare: () => publish({ described: program, program: program.replace('0.3.0', '0.3.1') }),
  },
  {
    what: 'an executable that ends too early',
    code: 'update.size_mismatch',
    message: /ended after 20 of/,
    prepare: () => publish({ described: program, program: program.slice(0, 20) }),
  },
  {
    what: 'an executable that is too long',
    code: 'update.size_mismatch',
    message: /has more than/,
    prepare: () => publish({ described: program, program: `${program}#` }),
  },
  {
    what: 'an executable that is not there',
    code: 'update.network',
    message: /answered with HTTP 404/,
    prepare() {
      publish()
      server.files.delete(artifact)
    },
  },
  {
    what: 'an executable that does not run',
    code: 'update.broken',
    message: /does not work on this machine: it ended with exit status 3 sorry/,
    prepare: () => publish({ program: '#!/bin/sh\necho sorry >&2; exit 3\n' }),
  },
  {
    what: 'an executable of no known format',
    code: 'update.broken',
    message: /does not work on this machine/,
    prepare: () => publish({ program: '\u007fELF and nothing more' }),
  },
  {
    what: 'an executable that is of another version',
    code: 'update.broken',
    message: /says it is version "0\.3\.1"/,
    prepare: () => publish({ program: programText('0.3.1') }),
  },
  {
    what: 'a server that fails',
    code: 'update.network',
    message: /answered with HTTP 500/,
    prepare: () => server.files.set('manifest.json', () => new Response('', { status: 500 })),
  },
  {
    what: 'a server that fails at the signature',
    code: 'update.network',
    message: /minisig answered with HTTP 500/,
    prepare() {
      publish()
      server.files.set('manifest.json.minisig', () => new Response('', { status: 500 }))
    },
  },
  {
    what: 'a server that never answers',
    code: 'update.network',
    message: /sent nothing for 0\.2 s/,
    prepare: () => server.files.set('manifest.json', never),
  },
  {
    what: 'a download that stands still',
    code: 'update.network',
    message: /sent nothing for 0\.2 s/,
    prepare() {
      publish()
      server.files.set(artifact, stall(program.slice(0, 20)))
    },
  },
]

const refusal = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}

describe('refused, with the old version as it was:', () => {
  for (const { what, code, message, prepare } of cases) {
    test(what, async () => {
      prepare()
      const limits = { silentMs: 200, totalMs: 3000 }
      const host = { ...at.host, manifestLimits: limits, downloadLimits: limits }
      const error = await refusal(update(host, at.source(server.url), null, yes))
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
      expect(at.names).toEqual(['0.1.0', '0.2.0', 'current'])
      expect(at.program).toBe(programText('0.2.0'))
      expect(at.service.restarts).toEqual([])
      expect(at.dataIsUntouched).toBe(true)
    })
  }

  test('a download that trickles for too long', async () => {
    publish({ described: 'x'.repeat(10_000) })
    const trickle = () =>
      new ReadableStream({
        async pull(controller) {
          await Bun.sleep(20)
          controller.enqueue(Buffer.from('x'))
        },
      })
    server.files.set(artifact, () => new Response(trickle()))
    const host = { ...at.host, downloadLimits: { silentMs: 5000, totalMs: 300 } }
    const error = await refusal(update(host, at.source(server.url), null, yes))
    expect(error).toMatchObject({
      code: 'update.network',
      message: expect.stringContaining('was not done within 0.3 s'),
    })
  })

  test('a server that nobody runs', async () => {
    server[Symbol.dispose]()
    const error = await refusal(update(at.host, at.source(server.url), null, yes))
    expect(error).toMatchObject({ code: 'update.network', message: expect.stringContaining('could not be fetched') })
  })
})
