/** llama.cpp from the PyPI wheel `xllamacpp`: its HTTP server as a library, in a private venv behind a launcher. */
import { chmod, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { syncFolder, writeFileAtomic } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { backendEnv } from '../backend-env.ts'
import { LeftoverSweeper } from './leftovers.ts'
import flagsSource from './llama_flags.py' with { type: 'text' }
import launcherSource from './llama_server.py' with { type: 'text' }
import { type EngineManifest, type InstalledEngine, installedEngine, manifestName } from './manifest.ts'
import { PackageIndex, type PackageIndexOptions } from './python/package-index.ts'
import { findPython, type Python } from './python/python.ts'
import { runProgram } from './python/run-program.ts'
import { syncTree } from './python/sync-tree.ts'
import unpackSource from './python/unpack_wheel.py' with { type: 'text' }
import { pickWheel, type Wheel } from './python/wheel.ts'

const project = 'xllamacpp'
const program = 'llama-server'

/** Finds its own folder wherever that lies, so that the finished folder can be renamed into place. */
const entryPoint = `#!/bin/sh
# Made by hal0: llama-server from the PyPI wheel ${project}.
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/venv/bin/python" -I -X utf8 "$here/llama_server.py" "$@"
`

export interface PypiRequest {
  enginesDir: string
  /** The daemon's environment: index, certificates, proxy, PATH. */
  env: Record<string, string | undefined>
  /** null: the newest one. */
  version: string | null
  onProgress: (sentence: string) => void
  index?: PackageIndexOptions
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
  request: PypiRequest,
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

/** Puts the finished folder into its place; what another hal0 put there meanwhile stays. */
const moveIntoPlace = async (folder: string, target: string, isInstalled: () => Promise<boolean>): Promise<void> => {
  try {
    await rename(folder, target)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw error
    if (await isInstalled()) return
    await rm(target, { recursive: true, force: true })
    await rename(folder, target)
  }
}

const leftovers = new LeftoverSweeper()

/**
 * Installs the engine, or answers the one already there. Everything happens in a folder of its own, whose last file is the
 * manifest and whose rename is the one moment at which the engine exists: an interruption leaves a leftover, never half an engine.
 * @throws Hal0Error `engine.install_failed`, `storage.full`, `storage.failed`
 */
export const installFromPypi = async (request: PypiRequest): Promise<InstalledEngine> => {
  const { enginesDir, version, onProgress } = request
  const present = version === null ? null : await installedEngine(enginesDir, pypiEngineId(version))
  if (present !== null) return present
  const index = new PackageIndex(request.env, request.index)
  const python = await findPython(backendEnv(request.env))
  onProgress(`Asking the package index at ${index.host} for ${project}`)
  const wheel = await chooseWheel(index, python, version)
  const id = pypiEngineId(wheel.version)
  const known = await installedEngine(enginesDir, id)
  if (known !== null) return known

  const name = leftovers.newName()
  const folder = join(enginesDir, name)
  try {
    await mkdir(enginesDir, { recursive: true })
    await leftovers.sweep(enginesDir)
    await mkdir(folder)
    await build(folder, wheel, python, index, request)
    await syncTree(folder)
    const manifest: EngineManifest = {
      id,
      provider: 'llama.cpp',
      source: 'pypi',
      version: wheel.version,
      path: program,
      // The library answers 503 while it loads, but its own 100 MB are read before that, for seconds from a cold disk.
      opens_port_late: true,
      installed_at: new Date().toISOString(),
    }
    await writeFileAtomic(
      join(folder, manifestName),
      `${JSON.stringify(manifest, null, 2)}\n`,
      'write the manifest of the engine',
    )
    await moveIntoPlace(folder, join(enginesDir, id), async () => (await installedEngine(enginesDir, id)) !== null)
    await syncFolder(enginesDir)
  } catch (error) {
    throw storageError(error, enginesDir, 'install the engine')
  } finally {
    await rm(folder, { recursive: true, force: true })
    leftovers.done(name)
  }
  const installed = await installedEngine(enginesDir, id)
  if (installed === null)
    throw new Hal0Error('engine.install_failed', `${id} was removed while it was being installed. Try again.`)
  return installed
}
