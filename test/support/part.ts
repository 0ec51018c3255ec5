/** Tests that need something a laptop may lack: root, a kernel feature, a program. */
import { test } from 'bun:test'

/**
 * `test` if the part is available. If it is not, the test is skipped and its title says why; under CI=true it fails instead, so that no
 * test is skipped unnoticed.
 * @param part what is needed, in plain words: "root", "python3 on PATH"
 */
export const testWith = (part: string, present: boolean): typeof test => {
  if (present || process.env.CI === 'true') return test
  const skipped = (title: string, ...rest: unknown[]) => {
    const [body] = rest as [() => void]
    test.skip(`${title} (skipped: needs ${part})`, body)
  }
  return skipped as typeof test
}
