/** A web server with releases, signed with keys that exist only in this process. */
import { makeKeyPair, signContent } from '../../../scripts/release/minisign.ts'
import type { ReleaseManifest, ReleaseTarget } from '../../../src/contract/release.ts'
import { type PublicKey, parsePublicKey } from '../../../src/update/release/minisign.ts'

export const keyPair = makeKeyPair()
export const keys: PublicKey[] = [parsePublicKey(keyPair.public)]
export const target: ReleaseTarget = 'linux-x64'

/** Stands in for the executable of a version. */
export const programText = (version: string): string => `#!/bin/sh\necho '{"version": "${version}"}'\n`

export const sha256 = (content: string): string => new Bun.CryptoHasher('sha256').update(content).digest('hex')

type Answer = string | Uint8Array | (() => Response | Promise<Response>)

interface Options {
  /** The served executable; the manifest describes `described` instead. */
  program?: string
  described?: string
  change?: (manifest: ReleaseManifest) => void
  secret?: string
}

export class ReleaseServer implements Disposable {
  readonly files = new Map<string, Answer>()
  /** Requested paths. */
  readonly asked: string[] = []
  readonly #server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 60,
    fetch: ({ url }) => {
      const path = new URL(url).pathname.slice(1)
      this.asked.push(path)
      const answer = this.files.get(path)
      if (answer === undefined) return new Response('nothing', { status: 404 })
      return typeof answer === 'function' ? answer() : new Response(answer as BodyInit)
    },
  })
  readonly url = `http://127.0.0.1:${this.#server.port}/manifest.json`

  /** Publishes a version, as the newest one and under its own name. */
  publish(version: string, options: Options = {}): void {
    const program = options.program ?? programText(version)
    const described = options.described ?? program
    const name = `hal0-${version}-${target}`
    const manifest: ReleaseManifest = {
      version,
      released_at: new Date(Date.now() - 86_400_000).toISOString(),
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      min_version: '0.1.0',
      targets: { [target]: { url: name, size: Buffer.byteLength(described), sha256: sha256(described) } },
    }
    options.change?.(manifest)
    this.files.set(name, program)
    this.sign(version, JSON.stringify(manifest), options.secret)
  }

  /** Publishes any text as a signed manifest. */
  sign(version: string, manifest: string, secret = keyPair.secret): void {
    const signature = signContent(Buffer.from(manifest), secret, 'a test')
    for (const name of ['manifest.json', `manifest-${version}.json`]) {
      this.files.set(name, manifest)
      this.files.set(`${name}.minisig`, signature)
    }
  }

  [Symbol.dispose](): void {
    // Not awaited: connections that a test keeps open on purpose end with it.
    void this.#server.stop(true)
  }
}
