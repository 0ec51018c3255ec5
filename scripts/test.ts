/**
 * `npm test`: builds the executable, then runs the linter and every test; ends with the line `N passed, N failed`.
 *
 *   npm test                    everything but the long sweeps
 *   npm test -- slots dispatch  only these folders of test/
 *   npm run test:long           everything, the sweeps at full length (minutes to an hour)
 *
 * Each folder of test/ runs in a separate process, so that what one leaves behind cannot affect another. They run one after the other,
 * except that those which mostly wait run beside the rest.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Glob } from 'bun'
import { Failures } from './test/failures.ts'

const root = join(import.meta.dir, '..')
const args = process.argv.slice(2)
const long = args.includes('--long')
const wanted = args.filter((arg) => !arg.startsWith('-'))
const reports = join(tmpdir(), `hal0-test-reports-${process.pid}`)
const longestMs = (long ? 120 : 15) * 60_000

interface Count {
  passed: number
  failed: number
  skipped: number
}
const total: Count = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []

const add = (what: string, count: Count, said: string[]): void => {
  total.passed += count.passed
  total.failed += count.failed
  total.skipped += count.skipped
  if (count.failed > 0) failures.push(...said, '', `${what}: ${count.failed} failed`)
}

type Print = (chunk: Uint8Array | string) => void
const print: Print = (chunk) => process.stdout.write(chunk)

/** Prints what comes, and gives each whole line to the record of failures. */
const pass = async (from: ReadableStream<Uint8Array>, to: Print, seen: Failures): Promise<void> => {
  const decoder = new TextDecoder()
  let begun = ''
  for await (const chunk of from) {
    to(chunk)
    const lines = (begun + decoder.decode(chunk, { stream: true })).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) seen.line(line)
  }
  seen.line(begun)
}

const run = async (argv: string[], to: Print = print): Promise<{ code: number; seen: Failures }> => {
  const child = Bun.spawn(argv, {
    cwd: root,
    env: { ...process.env, ...(long ? { HAL0_LONG: '1' } : {}) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  })
  const seen = new Failures()
  const printed = Promise.all([pass(child.stdout, to, seen), pass(child.stderr, to, seen)])
  const code = await child.exited
  // A process that a test left behind may hold the pipes open; its words are not worth waiting for.
  await Promise.race([printed, Bun.sleep(2000)])
  return { code, seen }
}

/** A step that is not a test file counts as one test. */
const step = async (what: string, argv: string[]): Promise<boolean> => {
  console.log(`\n== ${what}`)
  const { code, seen } = await run(argv)
  const passed = code === 0
  add(what, { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 }, seen.rest())
  return passed
}

/** What Bun's JUnit report says about one process; a missing report means that the process died. */
const readReport = async (path: string): Promise<Count> => {
  const head = /<testsuites[^>]*>/.exec(await readFile(path, 'utf8'))?.[0] ?? ''
  const figure = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? Number.NaN)
  const [tests, failed, skipped] = [figure('tests'), figure('failures'), figure('skipped')]
  return { passed: tests - failed - skipped, failed, skipped }
}

const testFolder = async (folder: string, files: string[], to: Print = print): Promise<void> => {
  to(`\n== test/${folder}\n`)
  const report = join(reports, `${folder}.xml`)
  const reporting = ['--timeout=30000', '--reporter=junit', `--reporter-outfile=${report}`]
  const { code, seen } = await run([process.execPath, 'test', ...reporting, ...files], to)
  const count = await readReport(report).catch(() => ({ passed: 0, failed: 0, skipped: 0 }))
  // A crash, or an error outside any test, must not look like a pass.
  if (code !== 0 && count.failed === 0) count.failed = 1
  add(`test/${folder}`, count, count.failed > 0 && seen.report().length > 0 ? seen.report() : seen.rest())
}

const files = (await Array.fromAsync(new Glob('**/*.test.ts').scan(join(root, 'test')))).sort()
const chosen = files.filter((file) => long || !file.endsWith('.long.test.ts'))
const folders = Map.groupBy(chosen, (file) => (file.includes('/') ? (file.split('/')[0] ?? '') : '.'))

await mkdir(reports, { recursive: true })
const built = await step('build', [process.execPath, 'build.ts'])
if (wanted.length === 0) await step('lint', [process.execPath, 'scripts/lint.ts'])
const test = (folder: string, to?: Print): Promise<void> =>
  testFolder(
    folder === '.' ? 'root' : folder,
    (folders.get(folder) ?? []).map((file) => `./test/${file}`),
    to,
  )

/** Runs folders beside the others. What they print is kept until they have ended. */
const testBeside = async (beside: string[]): Promise<void> => {
  for (const folder of beside) {
    const chunks: (Uint8Array | string)[] = []
    await test(folder, (chunk) => chunks.push(chunk))
    for (const chunk of chunks) print(chunk)
  }
}

/** A quarter of the whole time, most of it spent waiting for stops that time out on hosts with a network of their own. */
const waiting = ['systemd']
if (built) {
  const all = [...folders.keys()].filter((folder) => wanted.length === 0 || wanted.includes(folder))
  const beside = testBeside(all.filter((folder) => waiting.includes(folder)))
  for (const folder of all) if (!waiting.includes(folder)) await test(folder)
  await beside
}
await rm(reports, { recursive: true, force: true })

console.log('')
for (const failure of failures) console.log(failure)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exit(total.failed > 0 ? 1 : 0)
