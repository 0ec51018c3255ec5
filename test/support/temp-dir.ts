import { onTestFinished } from 'bun:test'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A new empty folder that is removed after the running test and its afterEach hooks. Returns its real path, since on some systems
 * the temporary folder is a link. Call it inside a test or a beforeEach.
 */
export const tempDir = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hal0-test-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
