/** The hub's own client, from PyPI, in a virtual environment that is kept for the next run. It validates the fake hub. */
import { existsSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const version = 'huggingface_hub==2.4.0'

const run = async (argv: string[], env: Record<string, string | undefined> = process.env): Promise<string> => {
  const child = Bun.spawn(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env })
  const [code, output, complaint] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  if (code !== 0) throw new Error(`${argv.slice(0, 3).join(' ')} failed: ${complaint.slice(-1500)}`)
  return output
}

/**
 * @returns the python that has the client; null if it is not available (no python3, no package index), which is said on stderr.
 * @throws the reason instead under CI=true, so that no test is skipped unnoticed
 */
export const officialClient = async (): Promise<string | null> => {
  const cache = process.env.HAL0_TEST_CACHE ?? join(tmpdir(), `hal0-test-cache-${userInfo().uid}`)
  const venv = join(cache, version.replace('==', '-'))
  const done = join(venv, 'installed')
  try {
    if (!existsSync(done)) {
      await run(['python3', '-m', 'venv', '--clear', venv])
      await run([join(venv, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', version])
      await Bun.write(done, '')
    }
    return join(venv, 'bin/python')
  } catch (error) {
    if (process.env.CI === 'true') throw error
    console.warn(`skipped, for want of ${version} from PyPI: ${error}`)
    return null
  }
}

/**
 * Runs a Python program with the client set up for the hub at `endpoint`, its cache below `home`.
 * @returns what it prints, as JSON
 * @throws with its traceback
 */
export const runOfficialClient = async (
  python: string,
  program: string,
  { endpoint, home, token }: { endpoint: string; home: string; token?: string },
): Promise<unknown> => {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    HF_HOME: home,
    HF_ENDPOINT: endpoint,
    HF_HUB_DISABLE_TELEMETRY: '1',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
    ...(token === undefined ? {} : { HF_TOKEN: token }),
  }
  return JSON.parse(await run([python, '-c', program], env))
}
