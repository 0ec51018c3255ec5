/** The secrets that callers show: what they look like, and what is kept of them. */
import { randomBytes } from 'node:crypto'

/** Every key begins with this, so that scanners of leaked secrets, and people, recognise one. */
const mark = 'hal0_'

/** How much of a key is kept readable: the mark and 30 of its 256 random bits. */
const prefixLength = mark.length + 5

/** 256 random bits in base64url: 43 characters. */
export const randomToken = (): string => randomBytes(32).toString('base64url')

export const makeKey = (): string => mark + randomToken()

/** Whether a text was meant to be a key of hal0: many programs send a placeholder where nobody asks for a key. */
export const isMeantAsKey = (text: string): boolean => text.startsWith(mark)

export const prefixOf = (key: string): string => key.slice(0, prefixLength)

/** What is kept of a secret, and looked up: its SHA-256 in hexadecimal. Secrets themselves are never compared. */
export const hashOf = (secret: string): string => new Bun.CryptoHasher('sha256').update(secret).digest('hex')
