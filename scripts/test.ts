/**
 * `npm test`: builds the executable, then runs the linter and every test; ends with the line `N passed, N failed`.
 *
 *   npm test                    everything but the long sweeps
 *   npm test -- slots dispatch  only these folders of test/
 *   npm run test:long           everything, the sweeps at full length (minutes to an hour)
 *
 * Each folder of test/ runs in a separate process, so that what one leaves behind cannot affect another.
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
const longestMs = (long ? 60 : 15) * 60_000

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

/** Prints what comes as it comes, and gives each whole line to the record of failures. */
const pass = async (from: ReadableStream<Uint8Array>, to: NodeJS.WriteStream, seen: Failures): Promise<void> => {
  const decoder = new TextDecoder()
  let begun = ''
  for await (const chunk of from) {
    to.write(chunk)
    const lines = (begun + decoder.decode(chunk, { stream: true })).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) seen.line(line)
  }
  seen.line(begun)
}

const run = async (argv: string[]): Promise<{ code: number; seen: Failures }> => {
  const child = Bun.spawn(argv, {
    cwd: root,
    env: { ...process.env, ...(long ? { HAL0_LONG: '1' } : {}) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  })
  const seen = new Failures()
  const printed = Promise.all([pass(child.stdout, process.stdout, seen), pass(child.stderr, process.stderr, seen)])
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

const testFolder = async (folder: string, files: string[]): Promise<void> => {
  console.log(`\n== test/${folder}`)
  const report = join(reports, `${folder}.xml`)
  const { code, seen } = await run([
    process.execPath,
    'test',
    '--timeout=30000',
    '--reporter=junit',
    `--reporter-outfile=${report}`,
    ...files,
  ])
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
if (built) {
  for (const [folder, list] of folders) {
    if (wanted.length > 0 && !wanted.includes(folder)) continue
    await testFolder(
      folder === '.' ? 'root' : folder,
      list.map((file) => `./test/${file}`),
    )
  }
}
await rm(reports, { recursive: true, force: true })

console.log('')
for (const failure of failures) console.log(failure)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exit(total.failed > 0 ? 1 : 0)
