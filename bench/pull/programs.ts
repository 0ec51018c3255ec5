/** Programs that are run to their end. */

/** @returns what it printed @throws when it fails */
export const run = (argv: string[], env: Record<string, string | undefined> = process.env): string => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(argv, { env, stdout: 'pipe', stderr: 'pipe' })
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`)
  return stdout.toString()
}

/** As `run`, without holding up this thread. */
export const runBeside = async (
  argv: string[],
  env: Record<string, string | undefined> = process.env,
): Promise<void> => {
  const child = Bun.spawn(argv, { env, stdout: 'ignore', stderr: 'pipe' })
  const [code, complaint] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${complaint}`)
}
