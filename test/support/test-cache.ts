import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Folder for what tests fetch from package indexes, kept for the next run. */
export const testCache = (): string =>
  process.env.HAL0_TEST_CACHE ?? join(tmpdir(), `hal0-test-cache-${userInfo().uid}`)
