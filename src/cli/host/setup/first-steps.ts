/** The end of setup's last screen: commands that lead to a first answer, to be pasted one after the other. Pure. */
import { isForThisMachine } from '../../../system/listen-scope.ts'

export interface FirstSteps {
  version: string
  /** Of the API, for this machine. */
  url: string
  /** The address that hal0 listens on. */
  host: string
  /** Names and addresses by which other machines know this one, the first to be shown. */
  names: readonly string[]
  restart: string
  /** The command that installs an engine; null: there is one. */
  installEngine: string | null
  /** A slot that is there already; null: none. */
  slot: string | null
  /** Catalog id of a model to begin with that can be pulled here; null: none is known. */
  model: string | null
  /** The path of the command, if its folder is not on the PATH. */
  unknownCommand: string | null
}

const question = 'What is a home server good for?'

/** `hal0 run` installs the engine, pulls, and makes the slot: what is missing. */
const toAnAnswer = ({ installEngine, slot, model }: FirstSteps): string[] => {
  if (slot !== null) return [...(installEngine === null ? [] : [installEngine]), `hal0 chat ${slot} "${question}"`]
  if (model !== null) return [`hal0 run ${model} "${question}"`]
  return ['hal0 model import /path/to/model.gguf --id first', `hal0 run first "${question}"`]
}

const forOthers = ({ host, url, names, restart }: FirstSteps): string[] => {
  const { port } = new URL(url)
  const [first] = names
  if (first === undefined) return []
  const theirs = `http://${first}:${port}`
  if (!isForThisMachine(host)) return [`Other machines reach it at ${theirs} with a key: hal0 key create NAME`]
  return [
    `Other machines do not reach it yet. These let them, at ${theirs}; they show the key that the last one prints:`,
    `  hal0 config set host=0.0.0.0 'allowed_hosts=${JSON.stringify(names)}'`,
    `  ${restart}`,
    '  hal0 key create laptop',
  ]
}

export const firstSteps = (facts: FirstSteps): string => {
  const { version, url, unknownCommand } = facts
  const others = forOthers(facts)
  return [
    `hal0 ${version} runs. Dashboard: ${url}`,
    ...(unknownCommand === null ? [] : ['', `${unknownCommand} is not on your PATH; add its folder, or log in again.`]),
    '',
    'To a first answer:',
    ...toAnAnswer(facts).map((command) => `  ${command}`),
    ...(others.length === 0 ? [] : ['', ...others]),
  ].join('\n')
}
