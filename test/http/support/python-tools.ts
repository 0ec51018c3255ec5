/** Programs from PyPI that check the API from outside, in a virtual environment that is kept for the next run. */
import { existsSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const packages = ['openapi-spec-validator==0.9.0', 'schemathesis==4.32.5']

const run = async (...argv: string[]): Promise<void> => {
  const child = Bun.spawn(argv, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  const [code, complaint] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`${argv.join(' ')} failed: ${complaint.slice(-500)}`)
}

/**
 * @returns the folder of the programs; null where they cannot be installed (no python3, no package index), which is said on stderr.
 * @throws the reason instead under CI=true, so that no check is skipped unnoticed
 */
export const pythonTools = async (): Promise<string | null> => {
  const cache = process.env.HAL0_TEST_CACHE ?? join(tmpdir(), `hal0-test-cache-${userInfo().uid}`)
  const venv = join(cache, 'http-tools')
  const done = join(venv, 'installed')
  try {
    if (!existsSync(done)) {
      await run('python3', '-m', 'venv', '--clear', venv)
      await run(join(venv, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', ...packages)
      await Bun.write(done, '')
    }
    return join(venv, 'bin')
  } catch (error) {
    if (process.env.CI === 'true') throw error
    console.warn(`skipped, for want of ${packages.join(' and ')} from PyPI: ${error}`)
    return null
  }
}
