/** The executable of one version. */
import { Hal0Error } from '../lib/hal0-error.ts'

/** It starts in milliseconds, but a cold disk may need seconds to read it. */
const startMs = 20_000
const longestAnswerBytes = 64 * 1024

/** The version that a program reports. @throws whatever spawning and parsing throw */
const askVersion = async (program: string): Promise<unknown> => {
  const child = Bun.spawn([program, 'version', '--json'], {
    env: { PATH: '/usr/bin:/bin' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: startMs,
    killSignal: 'SIGKILL',
    maxBuffer: longestAnswerBytes,
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`it ended with ${child.signalCode ?? `exit status ${code}`} ${stderr.slice(0, 500)}`)
  return (JSON.parse(stdout) as { version?: unknown } | null)?.version
}

/** Checks that a program runs on this machine and is the expected version. @throws Hal0Error `update.broken` */
export const checkProgram = async (program: string, version: string): Promise<void> => {
  const broken = (why: string, cause?: unknown): Hal0Error =>
    new Hal0Error(
      'update.broken',
      `The executable of hal0 ${version} does not work on this machine: ${why} The installed version stays.`,
      { details: { path: program }, cause },
    )
  let said: unknown
  try {
    said = await askVersion(program)
  } catch (error) {
    throw broken(`${error instanceof Error ? error.message.trim() : String(error)}.`, error)
  }
  if (said !== version) throw broken(`it says it is version ${JSON.stringify(said) ?? 'nothing'}.`)
}
