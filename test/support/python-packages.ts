/** Packages from PyPI, in a virtual environment that is kept for the next run. They check hal0 from outside. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { testCache } from './test-cache.ts'

const run = async (...argv: string[]): Promise<void> => {
  const child = Bun.spawn(argv, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  const [code, complaint] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`${argv.slice(0, 3).join(' ')} failed: ${complaint.slice(-1500)}`)
}

/**
 * @param packages each with its version, e.g. `openai==2.9.0`
 * @returns the folder of python and the programs of the packages; null if they are not available (no python3, no package index),
 * which is said on stderr
 * @throws the reason instead under CI=true, so that no check is skipped unnoticed
 */
export const pythonPackages = async (...packages: string[]): Promise<string | null> => {
  const cache = testCache()
  const venv = join(cache, packages.join('+').replaceAll('==', '-'))
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
