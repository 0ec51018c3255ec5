/** Watches a backend become ready: first answer, owner of the port, readiness, sentinel inference. */
import { type Clock, sleep } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { LaunchPlan, ProbeAnswer, ProbeRequest, ProbeVerdict } from '../../../providers/provider.ts'
import type { PortOwner } from '../../../system/supervisor.ts'
import { portInUse } from '../../machine/slot-errors.ts'
import { losesPatience, nextProbeMs } from './probe-policy.ts'

export interface ProbeTarget {
  name: string
  port: number
  /** What its requests must carry; null: nothing. */
  key: string | null
  plan: Pick<LaunchPlan, 'readiness' | 'sentinels' | 'opensPortLate'>
  /** Monotonic milliseconds at which the load began. */
  began: number
  expectedMs: number | null
  portOwner: () => Promise<PortOwner>
}

export interface ProbeReports {
  answered: () => void
  ready: () => void
  failed: (error: Hal0Error) => void
}

export interface Probe {
  /** Watches a backend become ready. @returns the function that ends it; afterwards nothing is reported */
  watch(target: ProbeTarget, reports: ProbeReports): () => void
  /** Asks until there is an answer of any kind. @param end when to give up @returns whether there was one */
  isAlive(port: number, request: ProbeRequest, end: AbortSignal): Promise<boolean>
}

/** A backend that accepts a connection and then says nothing is probed again after this time. */
const answerWithinMs = 2000
/** A loaded backend whose connection broke is asked again after this time. */
const askAgainMs = 250
/** A first inference may page in a whole model; the load's own timeout is the real limit. */
const sentinelWithinMs = 120_000
const longestBody = 256 * 1024

/** @param withinMs null: until the end @returns null: no answer (refused, reset, silent). A string: something answered that does not speak HTTP. */
const ask = async (
  { port, key }: Pick<ProbeTarget, 'port' | 'key'>,
  request: ProbeRequest,
  withinMs: number | null,
  end: AbortSignal,
): Promise<ProbeAnswer | string | null> => {
  try {
    const init = {
      // A Bun option that is not in its types: the environment's proxy must not be used for this machine.
      proxy: false,
      method: request.method,
      redirect: 'manual',
      signal: withinMs === null ? end : AbortSignal.any([end, AbortSignal.timeout(withinMs)]),
      headers: {
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
    }
    const body = request.body === undefined ? {} : { body: request.body }
    const response = await fetch(`http://127.0.0.1:${port}${request.path}`, { ...init, ...body } as RequestInit)
    return { status: response.status, body: (await response.text()).slice(0, longestBody) }
  } catch (error) {
    const code = (error as { code?: unknown }).code
    const silent = ['ConnectionRefused', 'ECONNREFUSED', 'ConnectionClosed', 'ECONNRESET', 'FailedToOpenSocket']
    if (error instanceof DOMException || typeof code !== 'string' || silent.includes(code)) return null
    return `an answer that is not HTTP (${code})`
  }
}

const judge = (request: ProbeRequest, answer: ProbeAnswer | string | null): ProbeVerdict => {
  if (answer === null) return { kind: 'wait' }
  return typeof answer === 'string' ? { kind: 'bad', why: answer } : request.judge(answer)
}

/** Whether the backend lacks the endpoint, so that the next alternative has to be tried. */
const lacksEndpoint = (answer: ProbeAnswer | string | null): boolean =>
  answer !== null && typeof answer !== 'string' && [404, 405, 501].includes(answer.status)

const askSentinels = async (target: ProbeTarget, end: AbortSignal): Promise<ProbeVerdict> => {
  let verdict: ProbeVerdict = { kind: 'ok' }
  for (const sentinel of target.plan.sentinels) {
    const answer = await ask(target, sentinel, sentinelWithinMs, end)
    verdict = judge(sentinel, answer)
    if (!lacksEndpoint(answer)) break
  }
  return verdict
}

const isAlive = async (clock: Clock, port: number, request: ProbeRequest, end: AbortSignal): Promise<boolean> => {
  while (!end.aborted) {
    // Any answer counts, and so does that a key is missing. One that refuses connections may only have too many of them.
    if ((await ask({ port, key: null }, request, null, end)) !== null) return true
    if (!end.aborted) await sleep(clock, askAgainMs)
  }
  return false
}

const watchWith =
  (clock: Clock, random: () => number): Probe['watch'] =>
  (target, reports) => {
    const ending = new AbortController()
    const end = ending.signal
    let answered = false
    let bad: { since: number; count: number } | null = null

    const report = (tell: () => void) => {
      if (!end.aborted) tell()
    }
    const firstAnswer = () => {
      if (answered) return
      answered = true
      report(reports.answered)
    }
    const pause = (ms: number) =>
      new Promise<void>((resolve) => {
        const cancel = clock.setTimer(ms, resolve)
        end.addEventListener(
          'abort',
          () => {
            cancel()
            resolve()
          },
          { once: true },
        )
      })

    const stranger = async (): Promise<Hal0Error | null> => {
      const owner = await target.portOwner()
      return owner.kind === 'other' ? portInUse(target.name, target.port, owner) : null
    }

    /** @returns the verdict of one round */
    const round = async (): Promise<ProbeVerdict | Hal0Error> => {
      const answer = await ask(target, target.plan.readiness, answerWithinMs, end)
      if (answer === null) return { kind: 'wait' }
      const verdict = judge(target.plan.readiness, answer)
      if (!answered || verdict.kind === 'ok') {
        // Only an answer of the slot's own process counts.
        const error = await stranger()
        if (error !== null) return error
      }
      firstAnswer()
      return verdict.kind === 'ok' ? askSentinels(target, end) : verdict
    }

    const failed = (why: string) =>
      new Hal0Error(
        'slot.probe_failed',
        `The backend of slot ${target.name} answers, but not as a healthy one would: ${why}. Look at what it printed: hal0 slot logs ${target.name}`,
        { details: { slot: target.name, answer: why } },
      )

    const watch = async () => {
      while (!end.aborted) {
        const verdict = await round()
        if (verdict instanceof Hal0Error) return report(() => reports.failed(verdict))
        if (verdict.kind === 'ok') return report(reports.ready)
        const now = clock.now()
        if (verdict.kind === 'wait') bad = null
        else {
          bad = { since: bad?.since ?? now, count: (bad?.count ?? 0) + 1 }
          if (losesPatience(now - bad.since, bad.count)) return report(() => reports.failed(failed(verdict.why)))
        }
        await pause(nextProbeMs(now - target.began, target.expectedMs, random()))
      }
    }

    if (target.plan.opensPortLate) {
      // Spec §2.1: such a backend counts as warming after one second alive.
      const cancel = clock.setTimer(1000, firstAnswer)
      end.addEventListener('abort', cancel, { once: true })
    }
    void watch().catch((error: unknown) => report(() => reports.failed(Hal0Error.from(error))))
    return () => ending.abort()
  }

/** The probe that the daemon uses, over HTTP on loopback. */
export const httpProbe = (clock: Clock, random: () => number = Math.random): Probe => ({
  watch: watchWith(clock, random),
  isAlive: (port, request, end) => isAlive(clock, port, request, end),
})
