/** The stand-in itself: `bun program.ts FOLDER [flags of llama-server]`. FOLDER contains its behaviour and its record. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as answers from './answers.ts'
import { behaviourFile, type Happening, recordFile, type StandInBehaviour } from './behaviour.ts'

const [folder = '', ...flags] = process.argv.slice(2)
const behaviour = JSON.parse(readFileSync(join(folder, behaviourFile), 'utf8')) as StandInBehaviour

const record = (event: Happening) => {
  appendFileSync(join(folder, recordFile), `${JSON.stringify({ at: Date.now(), pid: process.pid, ...event })}\n`)
}
const say = (line: string) => process.stderr.write(`${line}\n`)
const flagValue = (...names: string[]) => flags[flags.findLastIndex((flag) => names.includes(flag)) + 1]
const has = (...names: string[]) => flags.some((flag) => names.includes(flag))

const port = Number(flagValue('--port') ?? 8080)
const hostname = has('--host') ? (flagValue('--host') ?? '') : '127.0.0.1'
const alias = has('--alias', '-a') ? (flagValue('--alias', '-a') ?? '') : 'stand-in'
const key = process.env.LLAMA_API_KEY
/** As with the real one. */
const openPaths = new Set(['/health', '/v1/health', '/models', '/v1/models'])
const wantsEmbeddings = has('--embedding', '--embeddings')
const wantsRerank = has('--rerank', '--reranking')

record({ kind: 'start', argv: process.argv.slice(2), env: process.env as Record<string, string> })
process.on('SIGTERM', () => {
  record({ kind: 'sigterm' })
  if (behaviour.hang_on_sigterm !== true) process.exit(0)
})

const leave = (code: number) => {
  for (const line of behaviour.exit?.print ?? []) say(line)
  process.exit(code)
}
if (behaviour.exit?.after_ms === 0) leave(behaviour.exit.code)
if (behaviour.exit !== undefined) setTimeout(leave, behaviour.exit.after_ms, behaviour.exit.code)

let ready = false
let requests = 0

const tokensFor = (body: Record<string, unknown>): number => {
  const wanted = behaviour.tokens ?? 5
  const limit = body.max_tokens ?? body.max_completion_tokens
  return typeof limit === 'number' ? Math.min(wanted, limit) : wanted
}

/** After the token was written: gives the system a moment to send it, then kills itself. */
const dieAfter = async (count: number) => {
  if (behaviour.die_after_tokens !== count) return
  await Bun.sleep(5)
  process.kill(process.pid, 'SIGKILL')
}

const stream = (id: number, chat: boolean, tokens: number): Response => {
  let gone = false
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (text: string) => controller.enqueue(new TextEncoder().encode(text))
      for (let index = 0; index < tokens && !gone; index++) {
        await Bun.sleep(behaviour.token_ms ?? 0)
        if (gone) return
        send(answers.frame(alias, chat, index, tokens))
        await dieAfter(index + 1)
        if (behaviour.break_after_tokens === index + 1) {
          await Bun.sleep(5)
          controller.error(new Error('broken off on purpose'))
          return
        }
      }
      if (gone) return
      send(answers.frame(alias, chat, null, tokens))
      send('data: [DONE]\n\n')
      controller.close()
      record({ kind: 'answered', id, status: 200 })
    },
    cancel() {
      gone = true
      record({ kind: 'aborted', id })
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const infer = async (id: number, chat: boolean, body: Record<string, unknown>): Promise<Response> => {
  if (body.max_tokens === 1 && behaviour.sentinel === 'error')
    return answers.error(500, 'compute error', 'server_error')
  const tokens = tokensFor(body)
  if (body.stream === true) return stream(id, chat, tokens)
  for (let count = 1; count <= tokens; count++) {
    await Bun.sleep(behaviour.token_ms ?? 0)
    await dieAfter(count)
  }
  return answers.completion(alias, chat, tokens, behaviour.sentinel === 'nan' ? null : -0.1)
}

/** Follows redirects, and takes blanks and letter case as browsers do. */
const fetchMedia = async (value: unknown): Promise<void> => {
  if (typeof value === 'object' && value !== null) {
    for (const one of Object.values(value)) await fetchMedia(one)
  } else if (typeof value === 'string' && URL.canParse(value)) {
    await fetch(value, { signal: AbortSignal.timeout(500) }).catch(() => null)
  }
}

const answer = async (id: number, path: string, bytes: Uint8Array): Promise<Response> => {
  const text = new TextDecoder().decode(bytes)
  if (behaviour.garbage === 'http') return new Response(new Uint8Array([0, 255, 27, 91, 51, 49, 109, 10]))
  if (behaviour.answer_500 === true) return answers.error(500, 'something is broken', 'server_error')
  if (!ready) return answers.loading()
  if (path === '/v1/audio/transcriptions') return answers.transcription(bytes)
  let body: Record<string, unknown> = {}
  try {
    if (text !== '') body = JSON.parse(text) as Record<string, unknown>
  } catch {
    return answers.error(400, 'the body is not JSON', 'invalid_request_error')
  }
  if (behaviour.fetches_media === true) await fetchMedia(body)
  const nan = behaviour.sentinel === 'nan'
  const isBroken = behaviour.sentinel === 'error'
  const unsupported = (what: string) =>
    answers.error(501, `This server does not support ${what}`, 'not_supported_error')
  switch (path) {
    case '/health':
    case '/v1/health':
      return Response.json({ status: 'ok' })
    case '/props':
      return answers.props(alias, Number(has('-np', '--parallel') ? flagValue('-np', '--parallel') : 4))
    case '/models':
    case '/v1/models':
      return answers.models(alias, behaviour.no_models !== true)
    case '/v1/completions':
      return wantsEmbeddings || wantsRerank ? unsupported('completions') : await infer(id, false, body)
    case '/v1/chat/completions':
      return wantsEmbeddings || wantsRerank ? unsupported('completions') : await infer(id, true, body)
    case '/v1/embeddings':
      if (!wantsEmbeddings) return unsupported('embeddings')
      return isBroken ? answers.error(500, 'compute error', 'server_error') : answers.embedding(alias, nan)
    case '/v1/rerank':
      if (!wantsRerank) return unsupported('reranking')
      if (isBroken) return answers.error(500, 'compute error', 'server_error')
      return answers.rerank(alias, Array.isArray(body.documents) ? body.documents.length : 0, nan)
    case '/v1/audio/speech':
      return answers.speech()
    case '/v1/audio/voices':
      return answers.voices()
    default:
      return answers.error(404, 'File Not Found', 'not_found_error')
  }
}

const handle = async (request: Request): Promise<Response> => {
  const id = ++requests
  const path = new URL(request.url).pathname
  const bytes = await request.bytes()
  record({
    kind: 'request',
    id,
    method: request.method,
    path,
    headers: Object.fromEntries(request.headers),
    // A form may hold megabytes of sound.
    body: request.headers.get('content-type')?.startsWith('multipart/') === true ? '' : new TextDecoder().decode(bytes),
  })
  const mayPass = openPaths.has(path) || key === undefined || request.headers.get('authorization') === `Bearer ${key}`
  const response = mayPass
    ? await answer(id, path, bytes)
    : answers.error(401, 'Invalid API Key', 'authentication_error')
  if (request.signal.aborted) record({ kind: 'aborted', id })
  else if (response.headers.get('content-type') !== 'text/event-stream') {
    record({ kind: 'answered', id, status: response.status })
  }
  return response
}

const listen = () => {
  try {
    if (behaviour.garbage === 'raw') {
      const spit = (socket: { end(data: string): unknown }) => void socket.end('\u0000\u0007garbage, not HTTP\n')
      Bun.listen({ hostname, port, exclusive: true, socket: { open: spit, data() {} } })
    } else {
      Bun.serve({ hostname, port, reusePort: false, idleTimeout: 0, fetch: handle })
    }
  } catch {
    say(`srv  start: couldn't bind HTTP server socket, hostname: ${hostname}, port: ${port}`)
    process.exit(1)
  }
  record({ kind: 'listening', port })
}

const opensLate = behaviour.open_port_late === true
if (behaviour.no_listen === true) setInterval(() => {}, 60_000)
else if (!opensLate) listen()

const becomeReady = () => {
  ready = true
  if (opensLate && behaviour.no_listen !== true) listen()
  record({ kind: 'ready' })
  say('srv  init: model loaded')
}
if (behaviour.never_ready === true) setInterval(() => {}, 60_000)
else if ((behaviour.load_ms ?? 0) === 0) becomeReady()
else setTimeout(becomeReady, behaviour.load_ms)
