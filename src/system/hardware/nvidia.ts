/** NVIDIA's cards, which say how much memory they have only to NVIDIA's own program. */
import { existsSync } from 'node:fs'
import { withDeadline } from '../../lib/async/with-deadline.ts'

/** The answer of nvidia-smi. */
export type NvidiaAnswer = { kind: 'absent' } | { kind: 'failed'; why: string } | { kind: 'answered'; text: string }

export interface NvidiaCard {
  address: string
  name: string
  driverVersion: string
  /** Bytes; null: it does not say, as where the memory is the machine's RAM. */
  total: number | null
  used: number | null
}

/** A healthy driver answers in 20 ms to 0.5 s, the slowest without persistence mode; one that hangs never does. */
const limitMs = 2000
const pipesMs = 200
const query = '--query-gpu=pci.bus_id,name,driver_version,memory.total,memory.used'

/** The last one is that of the Windows Subsystem for Linux. */
const places = ['/usr/bin', '/usr/local/bin', '/opt/bin', '/run/current-system/sw/bin', '/usr/lib/wsl/lib']

export const findNvidiaSmi = (): string | null =>
  places.map((folder) => `${folder}/nvidia-smi`).find((path) => existsSync(path)) ?? null

export interface NvidiaQuestion {
  answer: Promise<NvidiaAnswer>
  /** Resolves once the program has ended. One that hangs in the kernel cannot be killed and may never end. */
  ended: Promise<unknown>
}

const answered = (answer: NvidiaAnswer): NvidiaQuestion => ({
  answer: Promise.resolve(answer),
  ended: Promise.resolve(),
})

/** @param program path of nvidia-smi; null: it is not installed */
export const askNvidia = (program: string | null, timeoutMs = limitMs): NvidiaQuestion => {
  if (program === null) return answered({ kind: 'absent' })
  try {
    const child = Bun.spawn([program, query, '--format=csv,noheader,nounits'], {
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    return { answer: answerOf(child, timeoutMs), ended: child.exited }
  } catch (error) {
    return answered({ kind: 'failed', why: error instanceof Error ? error.message : String(error) })
  }
}

const answerOf = async (child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>, timeoutMs: number): Promise<NvidiaAnswer> => {
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const code = await withDeadline(child.exited, timeoutMs + pipesMs, null)
  // A child of it may hold its pipes.
  const [text, errors] = await withDeadline(output, pipesMs, ['', ''])
  if (code === null || child.signalCode !== null) {
    child.unref()
    return { kind: 'failed', why: `it did not answer within ${timeoutMs / 1000} s` }
  }
  // One lost card makes it fail, although it has told of the others.
  if (code === 0 || parseNvidia(text).length > 0) return { kind: 'answered', text }
  const said = `${text}\n${errors}`.trim().split('\n')[0]
  return { kind: 'failed', why: said || `it ended with exit status ${code}` }
}

/** Who asks while the program runs gets the answer of that one. So a driver that hangs holds one process, and not one for each question. */
export const oneAtATime = (ask: () => NvidiaQuestion): (() => Promise<NvidiaAnswer>) => {
  let current: NvidiaQuestion | null = null
  return () => {
    if (current === null) {
      current = ask()
      void current.ended.then(() => {
        current = null
      })
    }
    return current.answer
  }
}

const mebibytes = (text: string): number | null => (/^\d+$/.test(text) ? Number(text) * 2 ** 20 : null)

/** 00000000:01:00.0 of nvidia-smi is 0000:01:00.0 of Linux. */
const addressOf = (text: string): string => text.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '')

/** The cards that work, by the lines of nvidia-smi; a card that is lost has none, or one with excuses. */
export const parseNvidia = (text: string): NvidiaCard[] =>
  text.split('\n').flatMap((line) => {
    const [bus = '', name = '', driverVersion = '', total = '', used = ''] = line.split(',').map((part) => part.trim())
    if (!/^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/i.test(bus) || /requires reset|lost/i.test(total)) return []
    return [{ address: addressOf(bus), name, driverVersion, total: mebibytes(total), used: mebibytes(used) }]
  })
