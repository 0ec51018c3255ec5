/** The storage that the fake hub redirects to: content by its sha256, behind addresses that are signed and end. */
import { createHmac } from 'node:crypto'
import type { StoredFile } from './fake-repository.ts'
import type { OriginReply, OriginRequest } from './http-origin.ts'
import type { Misbehaviour } from './misbehaviour.ts'
import { rangedReply } from './ranged-reply.ts'

const denied = (status: number, code: string): OriginReply => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`),
})

export class FakeStorage {
  readonly #files = new Map<string, StoredFile>()
  /** Changed, no older signature holds. */
  #secret = 0
  /** How long an address holds; seconds. */
  lifeS = 3600

  #signature(path: string, expires: string): string {
    return createHmac('sha256', `secret ${this.#secret}`).update(`${path} ${expires}`).digest('hex')
  }

  /** Path and query by which the file can be had for a while. */
  sign(repoId: string, file: StoredFile): string {
    const path = `/repos/${encodeURIComponent(repoId)}/${file.sha256}`
    this.#files.set(path, file)
    const expires = String(Math.floor(Date.now() / 1000) + this.lifeS)
    const name = encodeURIComponent(`inline; filename="${file.path.split('/').at(-1)}";`)
    return `${path}?response-content-disposition=${name}&Expires=${expires}&Signature=${this.#signature(path, expires)}`
  }

  /** From now on every address that was given away is refused with 403. */
  expireAll(): void {
    this.#secret++
  }

  /** The file that an address is of, without regard to its signature. */
  file(request: OriginRequest): StoredFile | null {
    return this.#files.get(new URL(request.target, 'http://storage').pathname) ?? null
  }

  answer(request: OriginRequest, misbehaviour: Misbehaviour | null): OriginReply {
    const { pathname, searchParams } = new URL(request.target, 'http://storage')
    // S3 takes one way of signing only, so a client that sends the hub's token along fails here as it fails there.
    if (request.headers.has('authorization')) return denied(400, 'InvalidArgument')
    const expires = searchParams.get('Expires') ?? ''
    const valid = searchParams.get('Signature') === this.#signature(pathname, expires)
    const file = this.#files.get(pathname)
    if (file === undefined || !valid || Number(expires) * 1000 <= Date.now()) return denied(403, 'AccessDenied')
    return rangedReply(file.content, request.headers.get('range'), {}, misbehaviour)
  }
}
