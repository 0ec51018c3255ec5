/** Finds out whether a hub can be reached from this machine. */
import { hubUrl } from '../../../lib/hub/hub-address.ts'

const limitMs = 5000

/** What people call these. */
const reasons: Record<string, string> = {
  EAI_AGAIN: 'its name cannot be looked up',
  ENOTFOUND: 'no such name',
  ConnectionRefused: 'it refuses the connection',
  ECONNREFUSED: 'it refuses the connection',
  ConnectionClosed: 'it closes the connection',
  ECONNRESET: 'it closes the connection',
  ENETUNREACH: 'no network',
}

/** @returns what went wrong; null when something answered, whatever it said */
const tryOne = async (url: string): Promise<string | null> => {
  try {
    const response = await fetch(`${url}/api/models?limit=1`, {
      signal: AbortSignal.timeout(limitMs),
      redirect: 'manual',
    })
    await response.body?.cancel()
    return null
  } catch (error) {
    const name = (error as { name?: unknown } | null)?.name
    if (name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`
    const code = String((error as { code?: unknown } | null)?.code ?? name)
    return reasons[code] ?? code
  }
}

/**
 * Asks all hubs at once, for at most five seconds.
 * @param mirrors of hal0.toml; with none, the hub itself
 * @returns a sentence about why none is reachable; null: one is
 */
export const findHubProblem = async (mirrors: readonly string[]): Promise<string | null> => {
  const urls = mirrors.length === 0 ? [hubUrl] : mirrors
  const whys = await Promise.all(urls.map(tryOne))
  if (whys.includes(null)) return null
  return `The hub cannot be reached: ${urls.map((url, index) => `${new URL(url).host} (${whys[index]})`).join(', ')}. No model can be found or pulled from there.`
}
