/**
 * Key pairs and signatures in minisign's formats (see src/update/release/minisign.ts); the secret key is not encrypted (`minisign -G -W`
 * makes the same), so that a release can be signed without a terminal. Keep it off the build machine's disk.
 */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface KeyPair {
  /** Text of the `.key` file. Secret. */
  secret: string
  /** Text of the `.pub` file. */
  public: string
}

const algorithm = Buffer.from('Ed')
/** Key derivation: none; its salt and limits then have no meaning. */
const noDerivation = Buffer.alloc(2)
const noDerivationParameters = Buffer.alloc(32 + 8 + 8)
const checksumAlgorithm = Buffer.from('B2')
/** minisign fills it in only for encrypted keys. */
const noChecksum = Buffer.alloc(32)
/** Offsets within the secret key's bytes. */
const at = { derivation: 2, keyId: 54, seed: 62, publicKey: 94, checksum: 126, end: 158 }

const file = (comment: string, ...parts: Buffer[]): string =>
  `untrusted comment: ${comment}\n${Buffer.concat(parts).toString('base64')}\n`

/** minisign shows a key's id as a little-endian number. */
const shownId = (keyId: Buffer): string => Buffer.from(keyId).reverse().toString('hex').toUpperCase()

export const makeKeyPair = (): KeyPair => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
  const keyId = randomBytes(8)
  const publicKey = Buffer.from(x, 'base64url')
  const secretKey = Buffer.concat([Buffer.from(d, 'base64url'), publicKey])
  const head = [algorithm, noDerivation, checksumAlgorithm, noDerivationParameters]
  return {
    secret: file('minisign secret key', ...head, keyId, secretKey, noChecksum),
    public: file(`minisign public key ${shownId(keyId)}`, algorithm, keyId, publicKey),
  }
}

/** @throws Error when the text is not an unencrypted minisign secret key */
const parseSecret = (text: string) => {
  const bytes = Buffer.from(text.trim().split('\n').at(-1) ?? '', 'base64')
  if (bytes.length !== at.end || !bytes.subarray(0, 2).equals(algorithm))
    throw new Error('This is not a secret key of minisign.')
  if (!bytes.subarray(at.derivation, at.derivation + 2).equals(noDerivation)) {
    throw new Error('This secret key is encrypted. Sign with minisign itself, or make a key with --generate.')
  }
  const [keyId, seed] = [bytes.subarray(at.keyId, at.seed), bytes.subarray(at.seed, at.publicKey)]
  const x = bytes.subarray(at.publicKey, at.checksum)
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x: x.toString('base64url') }
  return { keyId, key: createPrivateKey({ key: jwk, format: 'jwk' }) }
}

/**
 * The text of the `.minisig` file of `content`.
 * @param secret text of the `.key` file
 * @param prehashed as minisign has done it since 0.10; false: its legacy form
 */
export const signContent = (content: Uint8Array, secret: string, trustedComment: string, prehashed = true): string => {
  const { keyId, key } = parseSecret(secret)
  const signature = sign(null, prehashed ? createHash('blake2b512').update(content).digest() : content, key)
  const global = sign(null, Buffer.concat([signature, Buffer.from(trustedComment)]), key)
  const main = file('signature of a release of hal0', Buffer.from(prehashed ? 'ED' : 'Ed'), keyId, signature)
  return `${main}trusted comment: ${trustedComment}\n${global.toString('base64')}\n`
}
