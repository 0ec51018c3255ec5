/** Load by wrk: one run of one kind of request against one address. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Load {
  connections: number
  seconds: number
  /** `megabyte`: a small answer to a body of 1 MB. */
  kind: 'small' | 'megabyte' | 'streamed'
}

export interface Figures {
  requestsPerSecond: number
  /** Median and 99th percentile of the time of one request, milliseconds. */
  p50Ms: number
  p99Ms: number
}

const script = (kind: Load['kind']): string => {
  const body = JSON.stringify({
    model: 'primary',
    messages: [{ role: 'user', content: 'Hello, how are you today?' }],
    max_tokens: 16,
    ...(kind === 'streamed' ? { stream: true } : {}),
  })
  const large = `'${body.slice(0, -1)},"user":"' .. string.rep("0123456789", 100000) .. '"}'`
  return `wrk.method = "POST"
wrk.path = "/v1/chat/completions"
wrk.headers["Content-Type"] = "application/json"
wrk.body = ${kind === 'megabyte' ? large : `'${body}'`}
done = function(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("figures %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
`
}

/**
 * @param folder for the script
 * @throws when a request failed: figures of errors would be worth nothing
 */
export const runLoad = async (folder: string, port: number, { kind, connections, seconds }: Load): Promise<Figures> => {
  const file = join(folder, `${kind}.lua`)
  writeFileSync(file, script(kind))
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', file]
  const wrk = Bun.spawn(['wrk', ...flags, `http://127.0.0.1:${port}`], { stdout: 'pipe', stderr: 'inherit' })
  const output = await new Response(wrk.stdout).text()
  const [requests, microseconds, p50, p99, failed] = (/^figures (.*)$/m.exec(output)?.[1] ?? '').split(' ').map(Number)
  if (!requests || microseconds === undefined || p50 === undefined || p99 === undefined || failed !== 0) {
    throw new Error(`the load on port ${port} failed:\n${output}`)
  }
  return { requestsPerSecond: (requests / microseconds) * 1e6, p50Ms: p50 / 1000, p99Ms: p99 / 1000 }
}
