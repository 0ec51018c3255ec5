/** The program: its commands, and the only place that ends the process. */
import type { Group } from './cli/command.ts'
import { exitCode } from './cli/terminal/exit-code.ts'
import { typeCommandsAs } from './cli/terminal/output.ts'
import { run } from './cli/tree/command-line.ts'
import { typedHere } from './system/systemd/hosting.ts'

const root: Group = {
  kind: 'group',
  about: 'hal0 turns a home server into an inference appliance.',
  more: `Environment
  HAL0_URL      Address of the daemon (default: the one that runs here, else http://127.0.0.1:8080)
  HAL0_API_KEY  Key, where the daemon asks for one
  NO_COLOR      Any value: no colours

The result goes to stdout, everything else to stderr. With --json a refusal of the API is one line of JSON on stderr.
Exit status: 0 done, 1 failed, 2 wrong usage, 3 daemon not reachable, 4 not found, 130 stopped waiting after Ctrl-C.`,
  commands: {
    serve: async () => {
      const { raiseIoThreads } = await import('./system/proc/io-threads.ts')
      raiseIoThreads()
      const { serveVerb } = await import('./cli/host/serve.ts')
      return serveVerb(async (options) => {
        const { serve } = await import('./daemon.ts')
        await serve(options)
        // Everything is written and closed; a connection that Bun still counts must not keep the process alive.
        process.exit(exitCode.done)
      })
    },
    status: async () => (await import('./cli/status.ts')).default,
    slot: async () => (await import('./cli/slot/group.ts')).default,
    model: async () => (await import('./cli/model/group.ts')).default,
    engine: async () => (await import('./cli/engine/group.ts')).default,
    run: async () => (await import('./cli/run/run.ts')).default,
    chat: async () => (await import('./cli/chat/chat.ts')).default,
    logs: async () => (await import('./cli/logs.ts')).default,
    pulls: async () => (await import('./cli/pulls.ts')).default,
    why: async () => (await import('./cli/why.ts')).default,
    rm: async () => (await import('./cli/rm.ts')).default,
    open: async () => (await import('./cli/open.ts')).default,
    key: async () => (await import('./cli/key/group.ts')).default,
    config: async () => (await import('./cli/config/group.ts')).default,
    probe: async () => (await import('./cli/probe/probe.ts')).default,
    setup: async () => (await import('./cli/host/setup/setup.ts')).default,
    doctor: async () => (await import('./cli/host/doctor.ts')).default,
    update: async () => (await import('./cli/host/update.ts')).default,
    uninstall: async () => (await import('./cli/host/uninstall.ts')).default,
    version: async () => (await import('./cli/version.ts')).default,
    completion: async () => (await import('./cli/tree/completion-verb.ts')).default,
    help: async () => (await import('./cli/tree/help-verb.ts')).helpVerb(root),
  },
  aliases: { ps: 'slot list', ls: 'model list', pull: 'model pull', stop: 'slot unload' },
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of the output may stop early (`| head`): then nothing is left to do, and nothing went wrong.
    if (error.code === 'EPIPE') process.exit(exitCode.done)
    console.error(`Error: the output could not be written (${error.code ?? error.message}).`)
    process.exit(exitCode.failed)
  })
}

const [first, ...rest] = process.argv.slice(2)
if (first === 'slot-exec') {
  // Executed by the template unit. It is not for people, so it is not a command with help.
  const { slotExec } = await import('./system/systemd/slot-exec.ts')
  const { findPaths } = await import('./system/paths.ts')
  process.exit(slotExec(findPaths(process.env, process.getuid?.() === 0), rest[0] ?? '', console.error))
}
if (first === '__complete') {
  // Called by the shells for each word. It is not for people either.
  const { complete } = await import('./cli/tree/complete.ts')
  const words = await complete(root, rest)
  for (const word of words ?? []) console.log(word)
  process.exit(words === null ? exitCode.failed : exitCode.done)
}
if (first === 'port-holder') {
  // Executed by the API's unit, as root, after the API could not start. Not for people either.
  const { sayPortHolder } = await import('./cli/host/port-holder.ts')
  await sayPortHolder()
  process.exit(exitCode.done)
}
typeCommandsAs(typedHere)
const argv = first === '--version' || first === '-v' ? ['version', ...rest] : process.argv.slice(2)
try {
  // The process ends when nothing is left to do, so that pipes drain and the daemon keeps running.
  process.exitCode = await run(root, argv)
} catch (error) {
  // A bug: whoever fixes it needs the stack trace.
  console.error('Something went wrong inside hal0:', error)
  process.exit(exitCode.failed)
}
