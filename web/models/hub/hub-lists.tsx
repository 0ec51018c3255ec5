/** Lists of what the hub answered, to choose from. All of it is untrusted text. */
import type { HubHit, HubOffer } from '../../../src/contract/models/pull.ts'
import { bytes } from '../../../src/lib/figures.ts'
import { Button } from '../../ui/button.tsx'
import { fitReason, fitWord } from '../../words/fit-words.ts'
import { texts } from '../texts.ts'

const hitFacts = ({ downloads, gated, architecture }: HubHit): string =>
  [
    ...(downloads === null ? [] : [`${downloads.toLocaleString('en')} downloads`]),
    ...(architecture === null ? [] : [architecture]),
    ...(gated ? ['gated'] : []),
  ].join(' · ')

/** @param choose called with the repository that was clicked */
export const HitList = ({ hits, choose }: { hits: readonly HubHit[]; choose: (repo: string) => void }) => (
  <ul class="hits" aria-label={texts.repositories}>
    {hits.map((hit) => (
      <li key={hit.repo}>
        <button type="button" onClick={() => choose(hit.repo)}>
          {hit.repo}
        </button>
        <span class="quiet">{hitFacts(hit)}</span>
      </li>
    ))}
  </ul>
)

const sizeText = ({ shards, size }: HubOffer): string =>
  shards === 1 ? bytes(size) : `${bytes(size)} in ${shards} files`

/** @param pull called with the model whose button was clicked */
export const OfferTable = ({ offers, pull }: { offers: readonly HubOffer[]; pull: (offer: HubOffer) => void }) => (
  <table class="table stacks" aria-label={texts.offers}>
    <thead>
      <tr>
        <th scope="col">File</th>
        <th scope="col">{texts.columns.quantization}</th>
        <th scope="col" class="figure">
          {texts.columns.size}
        </th>
        <th scope="col">{texts.columns.fit}</th>
        <th scope="col">
          <span class="unseen">{texts.pullVerb}</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {offers.map((offer) => (
        <tr key={offer.file}>
          <td>{offer.file}</td>
          <td data-title={texts.columns.quantization}>{offer.quantization ?? '–'}</td>
          <td data-title={texts.columns.size} class="figure">
            {sizeText(offer)}
          </td>
          <td data-title={texts.columns.fit} title={fitReason(offer.fit)}>
            {fitWord(offer.fit)}
          </td>
          <td class="figure actions-cell">
            {offer.installed ? (
              texts.isHere
            ) : (
              <Button label={`Pull ${offer.file}`} onPress={() => pull(offer)}>
                {texts.pullVerb}
              </Button>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
