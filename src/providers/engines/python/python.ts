import { Hal0Error } from '../../../lib/hal0-error.ts'
import { runProgram } from './run-program.ts'

/** The properties that decide which wheels run here. */
export interface Python {
  /** Absolute path of the interpreter. */
  program: string
  /** e.g. [3, 11] */
  version: [number, number]
  /** As wheels name it: x86_64, aarch64. */
  machine: string
  /** 'glibc' or 'musl', and its version. */
  libc: { name: 'glibc' | 'musl'; version: [number, number] }
  /** Built without the global interpreter lock: such a Python does not load stable-ABI wheels. */
  freeThreaded: boolean
}

const minimum: [number, number] = [3, 10]
const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10']

const question = `
import json, platform, sys, sysconfig
name, version = platform.libc_ver()
print(json.dumps({
    "program": sys.executable, "version": list(sys.version_info[:2]), "machine": platform.machine(),
    "libc": name, "libc_version": version, "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
}))
`

interface Answer {
  program: string
  version: [number, number]
  machine: string
  libc: string
  libc_version: string
  free_threaded: boolean
}

const twoNumbers = (text: string): [number, number] => {
  const [major = '0', minor = '0'] = text.split('.')
  return [Number(major), Number(minor)]
}

const isNewEnough = ([major, minor]: [number, number]) => major === minimum[0] && minor >= minimum[1]

/**
 * The first Python on PATH that is new enough.
 * @throws Hal0Error `engine.install_failed` saying what to install
 */
export const findPython = async (env: Record<string, string>): Promise<Python> => {
  const tooOld: string[] = []
  for (const candidate of candidates) {
    const program = Bun.which(candidate, { PATH: env.PATH ?? '' })
    if (program === null) continue
    const result = await runProgram([program, '-I', '-c', question], env, 20_000)
    if (result.exitCode !== 0) continue
    const answer = JSON.parse(result.stdout) as Answer
    if (!isNewEnough(answer.version)) {
      tooOld.push(`${program} is ${answer.version.join('.')}`)
      continue
    }
    const glibc = answer.libc === 'glibc'
    return {
      program: answer.program,
      version: answer.version,
      machine: answer.machine,
      // platform.libc_ver() knows glibc only; on musl its figures mean nothing, and 1.2 is what every live musl distribution has.
      libc: glibc ? { name: 'glibc', version: twoNumbers(answer.libc_version) } : { name: 'musl', version: [1, 2] },
      freeThreaded: answer.free_threaded,
    }
  }
  const found = tooOld.length === 0 ? 'none was found on PATH' : tooOld.join(', ')
  throw new Hal0Error(
    'engine.install_failed',
    `The PyPI engine needs Python ${minimum.join('.')} or newer, and ${found}. Install it (Debian, Ubuntu: apt install python3; Fedora: dnf install python3) and try again.`,
    { details: { needs: `python3 >= ${minimum.join('.')}`, found: tooOld } },
  )
}
