/** llama.cpp from the PyPI wheel `xllamacpp`: its HTTP server as a library, in a private venv behind a launcher. */
import { chmod, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { IndexCodes } from '../../../system/package-index/index-codes.ts'
import { PackageIndex } from '../../../system/package-index/package-index.ts'
import { backendEnv } from '../../backend-env.ts'
import type { InstallRequest } from '../../engines/engine-kind.ts'
import { installEngine } from '../../engines/install-engine.ts'
import { type InstalledEngine, installedEngine } from '../../engines/manifest.ts'
import { findPython, type Python } from '../../engines/python/python.ts'
import { runProgram } from '../../engines/python/run-program.ts'
import unpackSource from '../../engines/python/unpack_wheel.py' with { type: 'text' }
import { pickWheel, type Wheel } from '../../engines/python/wheel.ts'
import flagsSource from './llama_flags.py' with { type: 'text' }
import launcherSource from './llama_server.py' with { type: 'text' }

const project = 'xllamacpp'
const program = 'llama-server'

/** Finds its own folder wherever that is, so that the finished folder can be renamed into place. */
const entryPoint = `#!/bin/sh
# Made by hal0: llama-server from the PyPI wheel ${project}.
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/venv/bin/python" -I -X utf8 "$here/llama_server.py" "$@"
`

const codes: IndexCodes = {
  network: 'engine.install_failed',
  absent: 'engine.install_failed',
  refused: 'engine.install_failed',
  checksum: 'engine.install_failed',
  setting: 'engine.install_failed',
}

export const pypiEngineId = (version: string): string => `llama.cpp-pypi-${version}`

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''

/** Runs one step of the installation. @throws Hal0Error `engine.install_failed` */
const step = async (doing: string, argv: string[], env: Record<string, string>, advice: string): Promise<string> => {
  const result = await runProgram(argv, env, 180_000)
  if (result.exitCode === 0) return result.stdout
  throw new Hal0Error(
    'engine.install_failed',
    `Could not ${doing}: ${lastLine(result.stderr) || `exit code ${result.exitCode}`}. ${advice}`,
    {
      details: { exit_code: result.exitCode, output: result.stderr.slice(-2000) },
    },
  )
}

const chooseWheel = async (index: PackageIndex, python: Python, version: string | null): Promise<Wheel> => {
  const wheel = pickWheel(await index.files(project), python, version)
  if (wheel !== null) return wheel
  const machine = `Python ${python.version.join('.')} on ${python.machine} with ${python.libc.name} ${python.libc.version.join('.')}`
  throw new Hal0Error(
    'engine.install_failed',
    version === null
      ? `The package index at ${index.host} has no wheel of ${project} for ${machine}. Build llama.cpp and run: hal0 engine use /path/to/llama-server`
      : `The package index at ${index.host} has no wheel of ${project} ${version} for ${machine}. Leave out the version to get the newest.`,
    { details: { project, version, host: index.host } },
  )
}

/** Fills `folder` with everything but the manifest. */
const build = async (
  folder: string,
  wheel: Wheel,
  python: Python,
  index: PackageIndex,
  request: InstallRequest,
): Promise<void> => {
  const env = backendEnv(request.env)
  const venv = join(folder, 'venv')
  const archive = join(folder, wheel.file.name)
  request.onProgress(`Downloading ${project} ${wheel.version} from ${wheel.file.url.host}`)
  const file = await open(archive, 'wx')
  try {
    await index.download(wheel.file, async (chunk) => void (await file.writeFile(chunk)))
  } finally {
    await file.close()
  }
  request.onProgress('Unpacking it into a private environment')
  const venvAdvice = 'Install all of Python (Debian, Ubuntu: apt install python3 python3-venv) and try again.'
  await step('make a Python environment', [python.program, '-I', '-m', 'venv', '--without-pip', venv], env, venvAdvice)
  const sitePackages = join(venv, 'lib', `python${python.version.join('.')}`, 'site-packages')
  const unpack = [python.program, '-I', '-c', unpackSource, archive, sitePackages]
  await step('unpack the wheel', unpack, env, 'Check the free space, or try another version.')
  await rm(archive)
  await writeFile(join(folder, 'llama_server.py'), launcherSource)
  await writeFile(join(folder, 'llama_flags.py'), flagsSource)
  await writeFile(join(folder, program), entryPoint)
  await chmod(join(folder, program), 0o755)
  request.onProgress('Checking that it runs')
  await step(
    'run the installed engine',
    [join(folder, program), '--version'],
    env,
    'This machine cannot run the wheel; build llama.cpp instead.',
  )
}

/**
 * Installs the engine, or returns the one already there.
 * @throws Hal0Error `engine.install_failed`, `storage.full`, `storage.failed`
 */
export const installFromPypi = async (request: InstallRequest): Promise<InstalledEngine> => {
  const { enginesDir, version, onProgress } = request
  const present = version === null ? null : await installedEngine(enginesDir, pypiEngineId(version))
  if (present !== null) return present
  const index = await PackageIndex.open(request.env, { codes })
  const python = await findPython(backendEnv(request.env))
  onProgress(`Asking the package index at ${index.host} for ${project}`)
  const wheel = await chooseWheel(index, python, version)
  const id = pypiEngineId(wheel.version)
  const known = await installedEngine(enginesDir, id)
  if (known !== null) return known
  const engine = {
    id,
    provider: 'llama.cpp',
    source: 'pypi',
    version: wheel.version,
    path: program,
    // The library answers 503 while it loads, but its own 100 MB are read before that, which takes seconds from a cold disk.
    opens_port_late: true,
  } as const
  return installEngine(enginesDir, engine, (folder) => build(folder, wheel, python, index, request))
}
