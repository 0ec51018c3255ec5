/** A self-signed certificate, made for one run: DER (X.690) and X.509 as far as they are needed. */
import { createPublicKey, createSign, generateKeyPairSync } from 'node:crypto'

const tlv = (tag: number, ...contents: Buffer[]): Buffer => {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
const sequence = (...contents: Buffer[]): Buffer => tlv(0x30, ...contents)
const set = (...contents: Buffer[]): Buffer => tlv(0x31, ...contents)
const oid = (...bytes: number[]): Buffer => tlv(0x06, Buffer.from(bytes))
const bitString = (bytes: Buffer): Buffer => tlv(0x03, Buffer.from([0]), bytes)
const utcTime = (date: Date): Buffer =>
  tlv(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`))

const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
const commonName = oid(0x55, 0x04, 0x03)
const subjectAltName = oid(0x55, 0x1d, 0x11)
const dayMs = 24 * 60 * 60 * 1000

/** @param name of the host that it is for @returns both in PEM */
export const selfSigned = (name: string): { key: string; cert: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const spki = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({
    type: 'spki',
    format: 'der',
  })
  const now = Date.now()
  const who = sequence(set(sequence(commonName, tlv(0x0c, Buffer.from(name)))))
  const alternatives = sequence(subjectAltName, tlv(0x04, sequence(tlv(0x82, Buffer.from(name)))))
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    who,
    sequence(utcTime(new Date(now - dayMs)), utcTime(new Date(now + dayMs))),
    who,
    spki,
    tlv(0xa3, sequence(alternatives)),
  )
  const signature = createSign('SHA256').update(body).sign(key)
  const der = sequence(body, ecdsaWithSha256, bitString(signature)).toString('base64')
  const lines = der.match(/.{1,64}/g) ?? []
  return { key, cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n` }
}
