import { resolve } from 'node:path'
import { defineVerb } from '../command.ts'
import { checkConfigText, localConfigFile, readConfigText } from '../host/local-config.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'

export default defineVerb({
  about: 'Check hal0.toml, or another file, without a daemon.',
  more: 'The exit status is 1 when no daemon would start with it. Keys that this version does not know are warnings.',
  examples: ['hal0 config check', 'hal0 config check ./hal0.toml'],
  args: { file: { type: 'positional', required: false, description: 'The file; hal0.toml by default' } },
  async run({ args: { file, json } }) {
    const path = file === undefined ? localConfigFile() : resolve(file)
    const text = await readConfigText(path)
    // Without a hal0.toml every key has its default.
    if (text === null && file !== undefined) throw new Failure(exitCode.notFound, `There is no file ${path}.`)
    const { problems, warnings } = checkConfigText(text ?? '', path)
    const code = problems.length === 0 ? exitCode.done : exitCode.failed
    if (json) {
      printJson({ file: path, problems, warnings })
      return code
    }
    for (const warning of warnings) talk.warn(warning)
    for (const problem of problems) talk.error(problem)
    if (problems.length > 0) return code
    print(text === null ? `There is no ${path}: every setting has its default.` : `${path} is valid.`)
    return code
  },
})
