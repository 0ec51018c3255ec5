/** A separate network namespace, in which nothing listens on the daemon's default port, whatever runs on this machine. */
import { testWith } from '../../support/part.ts'

export const alone = ['unshare', '--map-root-user', '--net']
const hasNamespaces = Bun.which('unshare') !== null && Bun.spawnSync([...alone, 'true']).success

/** A test of commands that find no daemon without HAL0_URL: they are run `under` this. */
export const testAlone = testWith('network namespaces', hasNamespaces)
