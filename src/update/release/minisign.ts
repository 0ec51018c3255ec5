/**
 * Minisign signatures (https://jedisct1.github.io/minisign/, "Signature format" and "Public key format"): Ed25519 over the file
 * (`Ed`) or over its BLAKE2b-512 (`ED`), and a second signature over the first one and the trusted comment.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { Hal0Error } from '../../lib/hal0-error.ts'

const algorithmBytes = 2
const keyIdBytes = 8
const ed25519KeyBytes = 32
const ed25519SignatureBytes = 64

/** A signature file is four short lines; minisign itself allows comments of 8 KiB. */
export const longestSignatureBytes = 16 * 1024

export interface PublicKey {
  /** Eight bytes in hexadecimal, in stored order; says which of several keys made a signature. */
  id: string
  key: KeyObject
}

interface Signature {
  prehashed: boolean
  keyId: string
  signature: Buffer
  trustedComment: string
  commentSignature: Buffer
}

/** Decodes base64 of exactly `bytes` bytes; null for anything that another decoder could read differently. */
const decode = (text: string, bytes: number): Buffer | null => {
  const decoded = Buffer.from(text, 'base64')
  return decoded.length === bytes && decoded.toString('base64') === text ? decoded : null
}

/**
 * @param text the base64 line of a public key, or the whole `.pub` file
 * @throws Error when it is neither
 */
export const parsePublicKey = (text: string): PublicKey => {
  const line = text.trim().split(/\r?\n/).at(-1) ?? ''
  const bytes = decode(line, algorithmBytes + keyIdBytes + ed25519KeyBytes)
  if (bytes === null || bytes.toString('latin1', 0, algorithmBytes) !== 'Ed') {
    throw new Error(`"${line.slice(0, 80)}" is not a public key of minisign`)
  }
  const x = bytes.subarray(algorithmBytes + keyIdBytes).toString('base64url')
  return {
    id: bytes.toString('hex', algorithmBytes, algorithmBytes + keyIdBytes),
    key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
  }
}

const untrusted = (sentence: string, details: Record<string, unknown> = {}): Hal0Error =>
  new Hal0Error('update.untrusted', `${sentence} Nothing was changed.`, { details })

const parseSignature = (file: Uint8Array): Signature => {
  const lines = Buffer.from(file)
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
  const [untrustedComment = '', main = '', trusted = '', global = '', ...rest] = lines
  const head = decode(main, algorithmBytes + keyIdBytes + ed25519SignatureBytes)
  const commentSignature = decode(global, ed25519SignatureBytes)
  const algorithm = head?.toString('latin1', 0, algorithmBytes)
  const prefix = 'trusted comment: '
  if (
    head === null ||
    commentSignature === null ||
    (algorithm !== 'Ed' && algorithm !== 'ED') ||
    !untrustedComment.startsWith('untrusted comment: ') ||
    !trusted.startsWith(prefix) ||
    rest.some((line) => line !== '')
  ) {
    throw untrusted('The signature of the release is not a minisign signature.')
  }
  return {
    prehashed: algorithm === 'ED',
    keyId: head.toString('hex', algorithmBytes, algorithmBytes + keyIdBytes),
    signature: head.subarray(algorithmBytes + keyIdBytes),
    trustedComment: trusted.slice(prefix.length),
    commentSignature,
  }
}

/**
 * Checks that `signatureFile` is a signature of `content` by one of `keys`.
 * @returns its trusted comment
 * @throws Hal0Error `update.untrusted`
 */
export const verifySignature = (content: Uint8Array, signatureFile: Uint8Array, keys: readonly PublicKey[]): string => {
  const { prehashed, keyId, signature, trustedComment, commentSignature } = parseSignature(signatureFile)
  const signer = keys.find(({ id }) => id === keyId)
  if (signer === undefined) {
    throw untrusted('The release is signed with a key that this hal0 does not know.', {
      key_id: keyId,
      known: keys.map(({ id }) => id),
    })
  }
  const signed = prehashed ? createHash('blake2b512').update(content).digest() : content
  if (!verify(null, signed, signer.key, signature)) {
    throw untrusted('The signature does not match the release manifest: one of them was changed.')
  }
  const comment = Buffer.concat([signature, Buffer.from(trustedComment, 'utf8')])
  if (!verify(null, comment, signer.key, commentSignature)) {
    throw untrusted('The comment of the signature was changed.')
  }
  return trustedComment
}
