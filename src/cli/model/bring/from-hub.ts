import type { HubOffer, HubReference, HubRepository } from '../../../contract/models/pull.ts'
import { unreadable } from '../../../lib/hub/hub-reference.ts'
import { call } from '../../api/client.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure, usageError } from '../../terminal/failure.ts'
import { talk } from '../../terminal/output.ts'
import { showWaiting } from '../../terminal/show-waiting.ts'
import { quoted } from '../../values/shell-words.ts'
import { chooseOffer } from './choose-offer.ts'
import type { PullOrder } from './from-catalog.ts'

/** A model name as the daemon has parsed it: only the daemon knows which mirrors are in use. */
export interface NamedModel extends HubReference {
  repo: string
}

/** If the daemon cannot read the name, that is wrong usage. */
const asUsage = (error: unknown): never => {
  if (error instanceof Failure && error.body?.code === 'request.invalid') throw usageError(error.message)
  throw error
}

/** @throws Failure wrong usage when the two differ */
const agreed = (option: string, given: string | undefined, written: string | null): string | null => {
  if (given !== undefined && written !== null && given !== written) {
    throw usageError(`What is to be pulled says ${written}, and ${option} says ${given}. Leave one of them out.`)
  }
  return given ?? written
}

/**
 * @param file from `--file`; refines the text
 * @throws Failure wrong usage
 */
export const readModelName = async (
  text: string,
  file: string | undefined,
  revision: string | undefined,
): Promise<NamedModel> => {
  // Without a slash it cannot be the address of a mirror either.
  const read = text.includes('/') ? await call('readHubReference', { query: { text } }).catch(asUsage) : null
  const repo = read?.repo ?? null
  if (read === null || repo === null) throw usageError(unreadable(text, 'names no repository').message)
  const { folder } = read
  return {
    repo,
    folder,
    file: agreed('--file', file, read.file),
    revision: agreed('--revision', revision, read.revision),
  }
}

const described = ({ file, folder }: NamedModel, [first]: readonly HubOffer[]): string => {
  if (file !== null) return `several models for ${file}`
  return folder === null ? `several models labelled ${first?.quantization}` : `several models in ${folder}/`
}

/**
 * @param signal ends the question to the hub, which may be slow to answer
 * @throws Failure wrong usage; no such repository, revision or file; several files fit and nobody can be asked; the signal's reason
 */
export const orderOf = async (
  named: NamedModel,
  commandFor: (file: string) => string,
  signal?: AbortSignal,
): Promise<PullOrder> => {
  const { repo, revision, file, folder } = named
  const [owner = '', name = ''] = repo.split('/')
  const query = {
    ...(revision === null ? {} : { revision }),
    ...(file === null ? {} : { file }),
    ...(folder === null ? {} : { folder }),
  }
  const ask = { params: { owner, repo: name }, query, noTimeout: true, ...(signal === undefined ? {} : { signal }) }
  const repository: HubRepository = await showWaiting(`asking the hub about ${repo}`, () =>
    call('showHubRepository', ask).catch(asUsage),
  )
  const { wanted, problem } = repository
  if (problem !== null) talk.warn(`${problem} Only what is here of ${repository.repo} can be chosen.`)
  const [only] = wanted
  if (only === undefined) throw new Failure(exitCode.notFound, `${repository.repo} has no complete GGUF model.`)
  const sentence = `${repository.repo} has ${described(named, wanted)}`
  const offer = wanted.length === 1 ? only : await chooseOffer(sentence, wanted, commandFor)
  return {
    id: offer.id,
    body: { repo, file: offer.file, ...(revision === null ? {} : { revision }) },
    size: offer.size,
    fit: offer.fit,
    installed: offer.installed,
  }
}

/** @throws Failure as `readModelName` and `orderOf` */
export const fromHub = async (text: string, file: string | undefined, at: string | undefined): Promise<PullOrder> => {
  const named = await readModelName(text, file, at)
  const { repo, revision } = named
  return orderOf(named, (path) =>
    ['hal0 model pull', repo, ...(revision === null ? [] : ['--revision', revision]), '--file', quoted(path)].join(' '),
  )
}
