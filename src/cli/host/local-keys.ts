/** The keys of this machine while no daemon runs: the same code, and the same file, as in the daemon. */
import { keyFile } from '../../access/keys/key-file.ts'
import { KeyStore } from '../../access/keys/key-store.ts'
import { KeyUsage } from '../../access/keys/key-usage.ts'
import { keepingOwner, localPaths } from './local-config.ts'

export type LocalKeys = Pick<KeyStore, 'list' | 'create' | 'revoke'>

export const openLocalKeys = async (): Promise<LocalKeys> => {
  const { data } = localPaths()
  const usage = await KeyUsage.open(data)
  const store = await KeyStore.open(data, { usage })
  const owned = <T>(change: () => Promise<T>): Promise<T> => keepingOwner(keyFile(data), change)
  return {
    list: () => store.list(),
    create: (wanted) => owned(() => store.create(wanted)),
    revoke: (name) => owned(() => store.revoke(name)),
  }
}
