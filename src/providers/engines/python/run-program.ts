import { errnoOf } from '../../../system/files/storage-error.ts'

export interface ProgramResult {
  /** null: it could not be started, or was killed because it took too long. */
  exitCode: number | null
  stdout: string
  /** Its output on stderr, or why it did not run. */
  stderr: string
}

/** Runs a program to its end, with nothing on stdin. @param timeoutMs after this it gets SIGKILL */
export const runProgram = async (
  argv: string[],
  env: Record<string, string>,
  timeoutMs: number,
): Promise<ProgramResult> => {
  try {
    const child = Bun.spawn(argv, {
      env,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (child.signalCode !== null) {
      return { exitCode: null, stdout, stderr: `${stderr}ended by ${child.signalCode} (limit ${timeoutMs / 1000} s)` }
    }
    return { exitCode: child.exitCode, stdout, stderr }
  } catch (error) {
    return { exitCode: null, stdout: '', stderr: errnoOf(error) ?? String(error) }
  }
}
