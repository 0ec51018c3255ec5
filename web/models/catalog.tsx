/** Well-known models for a machine that has none, the ones that fit first. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { CatalogOffer } from '../../src/contract/models/catalog.ts'
import { ApiError, call } from '../data/api.ts'
import { Button } from '../ui/button.tsx'
import { Failure } from '../ui/failure.tsx'
import { fitReason, fitWord } from '../words/fit-words.ts'
import { startPull } from './pull-state.ts'
import { texts } from './texts.ts'

const shownOffers = 6
const ranks = ['fits', 'tight', 'partial', 'no']

const rankOf = ({ fit }: CatalogOffer): number => (fit === null ? ranks.length : ranks.indexOf(fit.verdict))

/** What this version can run, the best fit first; of those that fit alike, the one to begin with and then the largest. */
const best = (offers: readonly CatalogOffer[]): CatalogOffer[] =>
  offers
    .filter(({ pull }) => pull !== null)
    .toSorted(
      (a, b) =>
        rankOf(a) - rankOf(b) || Number(b.first ?? false) - Number(a.first ?? false) || b.ram_bytes - a.ram_bytes,
    )
    .slice(0, shownOffers)

export const Catalog = () => {
  const offers = useSignal<readonly CatalogOffer[]>([])
  const failure = useSignal<ApiError | null>(null)
  const trying = async (work: () => Promise<void>): Promise<void> => {
    failure.value = null
    try {
      await work()
    } catch (error) {
      failure.value = ApiError.from(error)
    }
  }
  useEffect(() => {
    void trying(async () => {
      offers.value = best(await call('listCatalog', {}))
    })
  }, [])
  return (
    <section class="section">
      <h2>{texts.catalog}</h2>
      <Failure error={failure.value} urgent />
      <ul class="offers">
        {offers.value.map(({ id, name, description, size, licence, fit, pull }) => (
          <li key={id} class="card">
            <div class="card-head">
              <h3>{name}</h3>
              <span class="quiet" title={fitReason(fit)}>
                {fitWord(fit)}
              </span>
            </div>
            <p>{description}</p>
            <p class="quiet tiny">
              {texts.catalogFacts(size, licence)}; {fitReason(fit)}
            </p>
            <div class="actions">
              <Button
                label={texts.catalogPull(name)}
                onPress={() =>
                  trying(async () => {
                    if (pull !== null) await startPull(id, pull)
                  })
                }
              >
                {texts.pullVerb}
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
