/** The models: to find and pull, under way, and here. */
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { models } from '../data/state.ts'
import { Button } from '../ui/button.tsx'
import { Catalog } from './catalog.tsx'
import { FindModels } from './hub/find-models.tsx'
import { ImportModel } from './import-model.tsx'
import { PullCard } from './pull-card.tsx'
import { shownPulls } from './pull-state.ts'
import { Registry } from './registry.tsx'
import { texts } from './texts.ts'
import { Upkeep } from './upkeep.tsx'

export const Models = () => {
  const input = useRef<HTMLInputElement>(null)
  const imports = useSignal(false)
  return (
    <main class="page">
      <div class="page-head">
        <h1>{texts.title}</h1>
        <Button
          onPress={() => {
            imports.value = true
          }}
        >
          {texts.import}
        </Button>
      </div>
      <FindModels input={input} />
      {shownPulls.value.length > 0 && <h2 class="unseen">{texts.pulls}</h2>}
      <ul id="pulls" class="pulls" aria-label={texts.pulls}>
        {shownPulls.value.map((pull) => (
          <PullCard key={pull.id} pull={pull} onGone={() => input.current?.focus()} />
        ))}
      </ul>
      <section class="section">
        <h2>{texts.installed}</h2>
        <div id="models">
          <Registry />
        </div>
        {models.value?.length === 0 && <Catalog />}
      </section>
      <Upkeep />
      {imports.value && (
        <ImportModel
          onClose={() => {
            imports.value = false
          }}
        />
      )}
    </main>
  )
}
