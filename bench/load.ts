/** Load by wrk: one run of one kind of request against one address. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Load {
  connections: number
  seconds: number
  streamed: boolean
}

export interface Figures {
  requestsPerSecond: number
  /** Median time of one request, milliseconds. */
  p50Ms: number
}

const script = (streamed: boolean): string => {
  const body = JSON.stringify({
    model: 'primary',
    messages: [{ role: 'user', content: 'Hello, how are you today?' }],
    max_tokens: 16,
    ...(streamed ? { stream: true } : {}),
  })
  return `wrk.method = "POST"
wrk.path = "/v1/chat/completions"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '${body}'
done = function(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("figures %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), failed))
end
`
}

/**
 * @param folder for the script
 * @throws when a request failed: figures of errors would be worth nothing
 */
export const runLoad = async (folder: string, port: number, load: Load): Promise<Figures> => {
  const file = join(folder, load.streamed ? 'stream.lua' : 'small.lua')
  writeFileSync(file, script(load.streamed))
  const flags = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '10s', '-s', file]
  const wrk = Bun.spawn(['wrk', ...flags, `http://127.0.0.1:${port}`], { stdout: 'pipe', stderr: 'inherit' })
  const output = await new Response(wrk.stdout).text()
  const [requests, microseconds, p50, failed] = (/^figures (.*)$/m.exec(output)?.[1] ?? '').split(' ').map(Number)
  if (requests === undefined || microseconds === undefined || p50 === undefined || failed !== 0 || requests === 0) {
    throw new Error(`the load on port ${port} failed:\n${output}`)
  }
  return { requestsPerSecond: (requests / microseconds) * 1e6, p50Ms: p50 / 1000 }
}
