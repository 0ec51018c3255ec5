/** The package openai of Python gets from hal0 what it gets from the bare engine. One process of Python makes all the calls. */
import { expect, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import type { Decision } from '../../src/contract/logs/decision.ts'
import { Daemon } from '../support/daemon.ts'
import { testWith } from '../support/part.ts'
import { pythonPackages } from '../support/python-packages.ts'
import type { Raw } from './clients.ts'
import { comparable, steady } from './normal.ts'
import { addBare } from './place.ts'

setDefaultTimeout(280_000)

const programs = await pythonPackages('openai==3.57.0')

interface Asked {
  outcome: unknown
  answers: Raw[]
}
interface Report {
  calls: Record<string, { direct: Asked; relayed: Asked }>
  /** Streams that were left after their first piece. */
  left: number
  /** Tokens of each of the chats that were asked for at once. */
  many: number[]
}

/** @throws with Python's traceback */
const runCalls = async (places: unknown): Promise<Report> => {
  const argv = [join(programs ?? '', 'python'), join(import.meta.dir, 'openai_calls.py')]
  const child = Bun.spawn(argv, { stdin: new Blob([JSON.stringify(places)]), stdout: 'pipe', stderr: 'pipe' })
  const [code, output, complaint] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  if (code !== 0) throw new Error(`the calls failed: ${complaint.slice(-1500)}`)
  return JSON.parse(output)
}

const same = ({ outcome, answers }: Asked): unknown => ({
  outcome: steady(outcome),
  answers: answers.map(comparable),
})

testWith('openai from PyPI', programs !== null)(
  'the package openai of Python is answered as by the bare engine, may leave its streams, and asks fifty times at once',
  async () => {
    const daemon = await Daemon.start()
    const bare = { chat: await addBare(daemon, 'primary'), embedding: await addBare(daemon, 'embed', 'embedding') }
    const { calls, left, many } = await runCalls({ bare, hal0: daemon.url, model: 'primary' })
    expect(Object.keys(calls)).toHaveLength(17)
    for (const [name, { direct, relayed }] of Object.entries(calls)) {
      expect(direct.answers.map(({ status }) => status)).toEqual([expect.any(Number)])
      expect({ [name]: same(relayed) }).toEqual({ [name]: same(direct) })
    }
    // A stream that was left frees its place: otherwise the third one of four would wait for two answers of 2000 tokens.
    const rows = await daemon.must<Decision[]>('GET', '/api/logs/decisions?outcome=aborted')
    expect([left, rows.length]).toEqual([4, 4])
    expect(many).toEqual(Array.from({ length: 50 }, () => 2))
  },
)
