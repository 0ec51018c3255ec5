import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../../contract/settings.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { checkConfigText, localConfigFile, readEditableText, replaceConfig } from '../host/local-config.ts'
import { confirm } from '../terminal/ask.ts'
import { type ExitCode, exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { runEditor } from './editor.ts'
import { tellNext } from './settings-text.ts'

const empty = "# Settings of hal0. 'hal0 config show' lists every key with its default.\n"

/** The settings of the daemon; null when none answers. */
const askDaemon = async (): Promise<Settings | null> => {
  try {
    return await call('showSettings', {})
  } catch (error) {
    if (error instanceof Failure && error.body === null && error.exitCode === exitCode.unreachable) return null
    // The file may already be broken: that is a reason to edit it.
    if (error instanceof Failure && error.body?.code === 'config.invalid') return null
    throw error
  }
}

/** @returns the text that a daemon starts with; null when the change was dropped */
const editUntilValid = async (copy: string, path: string): Promise<string | null> => {
  for (;;) {
    await runEditor(copy)
    const text = await readFile(copy, 'utf8')
    const { problems, warnings } = checkConfigText(text, path)
    for (const warning of warnings) talk.warn(warning)
    if (problems.length === 0) return text
    for (const problem of problems) talk.error(problem)
    const isAsked = process.stdin.isTTY === true && process.stderr.isTTY === true
    if (!isAsked || !(await confirm('Edit it again? Otherwise the change is dropped.'))) return null
  }
}

export default defineVerb({
  about: 'Edit hal0.toml of this machine in an editor; it is checked before it replaces the file.',
  more: 'The editor is $VISUAL, else $EDITOR, else vi or nano. It gets a copy.',
  examples: ['hal0 config edit', 'sudo hal0 config edit', 'EDITOR=nano hal0 config edit'],
  args: {},
  async run({ args: { json } }): Promise<ExitCode> {
    const path = localConfigFile()
    const daemon = await askDaemon()
    if (daemon !== null && daemon.file !== path) {
      talk.warn(`The daemon that answers reads ${daemon.file}, not ${path}, the file that you are editing.`)
    }
    const before = await readEditableText(path)
    const folder = await mkdtemp(join(tmpdir(), 'hal0-config-'))
    try {
      const copy = join(folder, 'hal0.toml')
      await writeFile(copy, before ?? empty, { mode: 0o600 })
      const text = await editUntilValid(copy, path)
      if (text === null) {
        talk.log(`${path} stays as it was.`)
        return exitCode.failed
      }
      const changed = text !== (before ?? empty)
      if (changed && (await readEditableText(path)) !== before) {
        throw new Failure(exitCode.failed, `${path} was changed by somebody else meanwhile, and stays as it is now.`, {
          hint: 'hal0 config edit',
          details: ['What you wrote:', ...text.trimEnd().split('\n')],
        })
      }
      if (changed) await replaceConfig(path, text)
      if (json) printJson({ file: path, changed })
      else print(changed ? `${path} is saved.` : `${path} is unchanged.`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const after = await askDaemon()
    if (after !== null && after.file === path) tellNext(after)
    return exitCode.done
  },
})
