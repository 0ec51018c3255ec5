/** The user's editor. */
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

const named = (name: string | undefined): name is string => name !== undefined && name.trim() !== ''

const editorCommand = (): string => {
  const { VISUAL, EDITOR } = process.env
  const command = [VISUAL, EDITOR].find(named) ?? ['vi', 'nano'].find((name) => Bun.which(name) !== null)
  if (command !== undefined) return command
  throw new Failure(
    exitCode.failed,
    'There is no editor: neither $VISUAL nor $EDITOR is set, and there is no vi or nano.',
    {
      hint: 'EDITOR=/path/to/editor hal0 config edit',
    },
  )
}

/**
 * Lets the user edit a file. The shell expands the variable, as with git(1), so that it may have arguments (`code --wait`).
 * @throws Failure when the editor fails
 */
export const runEditor = async (file: string): Promise<void> => {
  const command = editorCommand()
  const editor = Bun.spawn(['/bin/sh', '-c', `${command} "$@"`, command, file], {
    stdin: 'inherit',
    // stdout is for the result of the command.
    stdout: process.stdout.isTTY === true ? 'inherit' : process.stderr.fd,
    stderr: 'inherit',
  })
  const code = await editor.exited
  if (code === 0) return
  throw new Failure(exitCode.failed, `The editor (${command}) ended with status ${code}; nothing was changed.`)
}
