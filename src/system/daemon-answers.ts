/** Whether a hal0 answers. */

const limitMs = 2000

/** Whether `GET /api/health` at `url`, an address of this machine, is answered as hal0 does. */
export const daemonAnswers = async (url: string): Promise<boolean> => {
  try {
    // Loopback is never reached through a proxy; Bun's types do not know the option.
    const options = { signal: AbortSignal.timeout(limitMs), proxy: false } as unknown as RequestInit
    const response = await fetch(`${url}/api/health`, options)
    return response.status === 200 && ((await response.json()) as { status?: unknown } | null)?.status === 'ok'
  } catch {
    // Not yet, never, or another program: the caller decides what that means.
    return false
  }
}
