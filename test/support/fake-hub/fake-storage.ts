/** The storage that the fake hub redirects to: content by its sha256, behind signed addresses that expire. */
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
  /** Changing it invalidates all older signatures. */
  #secret = 0
  /** How long an address is valid, seconds. */
  lifeS = 3600

  #signature(path: string, expires: string): string {
    return createHmac('sha256', `secret ${this.#secret}`).update(`${path} ${expires}`).digest('hex')
  }

  /** Path and query by which the file is available for a while. */
  sign(repoId: string, file: StoredFile): string {
    const path = `/repos/${encodeURIComponent(repoId)}/${file.sha256}`
    this.#files.set(path, file)
    const expires = String(Math.floor(Date.now() / 1000) + this.lifeS)
    const name = encodeURIComponent(`inline; filename="${file.path.split('/').at(-1)}";`)
    return `${path}?response-content-disposition=${name}&Expires=${expires}&Signature=${this.#signature(path, expires)}`
  }

  /** From now on, every address given out before is refused with 403. */
  expireAll(): void {
    this.#secret++
  }

  /** The file that an address is for, ignoring its signature. */
  file(request: OriginRequest): StoredFile | null {
    return this.#files.get(new URL(request.target, 'http://storage').pathname) ?? null
  }

  answer(request: OriginRequest, misbehaviour: Misbehaviour | null): OriginReply {
    const { pathname, searchParams } = new URL(request.target, 'http://storage')
    // S3 accepts only one way of signing, so a client that also sends the hub's token fails here as it would there.
    if (request.headers.has('authorization')) return denied(400, 'InvalidArgument')
    const expires = searchParams.get('Expires') ?? ''
    const valid = searchParams.get('Signature') === this.#signature(pathname, expires)
    const file = this.#files.get(pathname)
    if (file === undefined || !valid || Number(expires) * 1000 <= Date.now()) return denied(403, 'AccessDenied')
    return rangedReply(file.content, request.headers.get('range'), {}, misbehaviour)
  }
}
