/**
 * slots/<name>/backend-key: the key that hal0 shares with a slot's running backend. Other users of this machine can connect to the
 * backend's port, but they lack it. It is made for each load, and is on the disk so that the next daemon can talk to what it adopts.
 */
import { randomBytes } from 'node:crypto'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readOwnText } from '../../system/files/own-file.ts'
import { backendKeyFile, type Paths } from '../../system/paths.ts'

const keyBytes = 32
/** Only hal0 reads it; the backend gets the key in its environment. */
const ownerOnly = 0o600
const form = /^[A-Za-z0-9_-]{43}$/

export const newBackendKey = (): string => randomBytes(keyBytes).toString('base64url')

export interface BackendKeys {
  /** null: the backend of this slot was started without one. */
  read(name: string): Promise<string | null>
  /** @throws Hal0Error `storage.full`, `storage.failed` */
  write(name: string, key: string): Promise<void>
}

export const backendKeysOnDisk = (paths: Paths): BackendKeys => {
  const file = (name: string) => backendKeyFile(paths, name)
  return {
    read: async (name) => {
      const text = (await readOwnText(file(name), `read the backend key of slot ${name}`))?.trim() ?? ''
      return form.test(text) ? text : null
    },
    write: (name, key) => writeFileAtomic(file(name), `${key}\n`, `save the backend key of slot ${name}`, ownerOnly),
  }
}
