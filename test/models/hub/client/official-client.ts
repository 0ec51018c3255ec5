/** Runs programs with the hub's own client, from PyPI. It validates the fake hub. */

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
  const child = Bun.spawn([python, '-c', program], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env })
  const [code, output, complaint] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  if (code !== 0) throw new Error(`the hub's client failed: ${complaint.slice(-1500)}`)
  return JSON.parse(output)
}
