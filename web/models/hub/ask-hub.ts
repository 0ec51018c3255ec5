/** Asks the hub what a person means, through the daemon: it knows how models are named and which mirrors are in use. */
import type { HubHit, HubReference, HubRepository } from '../../../src/contract/models/pull.ts'
import { ApiError, call } from '../../data/api.ts'
import { texts } from '../texts.ts'

/** An answer as it is shown. */
export interface HubAnswer {
  said: string
  hits: readonly HubHit[]
  /** The repository whose models are shown; null: none was named. */
  repository: HubRepository | null
  /** Of them those that were asked for. */
  offers: HubRepository['models']
  revision: string | null
}

/** A reference that the daemon found in the text, with a repository. */
type Named = HubReference & { repo: string }

const isNamed = (reference: HubReference): reference is Named => reference.repo !== null

/** The requested part of the repository, in words; null: the whole repository. */
const askedFor = ({ file, folder }: Named): string | null =>
  file?.replace(/^:/, '') ?? (folder === null ? null : `${folder}/`)

const show = ({ repo, revision, file, folder }: Named): Promise<HubRepository> => {
  const [owner = '', name = ''] = repo.split('/')
  return call('showHubRepository', {
    params: { owner, repo: name },
    query: {
      ...(revision === null ? {} : { revision }),
      ...(file === null ? {} : { file }),
      ...(folder === null ? {} : { folder }),
    },
  })
}

const offersOf = (named: Named, repository: HubRepository): HubAnswer => {
  const { repo, models, wanted, gated, problem } = repository
  const asked = askedFor(named)
  const offers = asked === null ? models : wanted
  const said = [
    ...(problem === null ? [] : [texts.onlyHere(problem)]),
    asked !== null && wanted.length > 1 ? texts.several(repo, asked) : texts.modelsOf(repo),
    ...(gated ? [texts.gated] : []),
  ]
  return {
    said: offers.length === 0 ? texts.noModel(repo) : said.join(' '),
    hits: [],
    repository,
    offers,
    revision: named.revision,
  }
}

const askRepository = async (named: Named): Promise<HubAnswer> => {
  try {
    return offersOf(named, await show(named))
  } catch (error) {
    // The repository does not have what was asked for, but has other models.
    const asked = askedFor(named)
    if (asked === null || !(error instanceof ApiError) || !Array.isArray(error.details.models)) throw error
    const all = { ...named, file: null, folder: null }
    // If shards are missing, the daemon's own message says which.
    const said = 'missing' in error.details ? error.message : texts.hasNot(named.repo, asked)
    return { ...offersOf(all, await show(all)), said }
  }
}

/** What a repository offers. @throws ApiError */
export const askAbout = (repo: string): Promise<HubAnswer> =>
  askRepository({ repo, revision: null, file: null, folder: null })

/** What was typed or pasted: a repository, a part of it, or words to search for. @throws ApiError */
export const askHub = async (text: string): Promise<HubAnswer> => {
  const reference = await call('readHubReference', { query: { text } })
  if (isNamed(reference)) return askRepository(reference)
  const hits = await call('searchHub', { query: { q: text } })
  const said = hits.length === 0 ? texts.noHits(text) : texts.hits(text)
  return { said, hits, repository: null, offers: [], revision: null }
}
