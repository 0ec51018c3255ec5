/** Home: what is wrong, the machine, and the slots. */
import { useSignal } from '@preact/signals'
import { hasSlots, problems, slots } from '../data/state.ts'
import { linkTo } from '../shell/router.ts'
import { Button } from '../ui/button.tsx'
import { Machine } from './machine.tsx'
import { NewSlot } from './new-slot.tsx'
import { SlotCard } from './slot-card.tsx'
import { texts } from './texts.ts'

const Problems = () => (
  <ul id="problems" class="problems" aria-label={texts.problems} hidden={problems.value.length === 0}>
    {problems.value.map((problem) => (
      <li key={problem} class="notice" data-mood="bad">
        {problem}
      </li>
    ))}
  </ul>
)

const Slots = () => {
  if (!hasSlots.value && slots.value.length === 0) return <p class="empty">{texts.loading}</p>
  if (slots.value.length === 0) {
    return (
      <div class="empty">
        <p>{texts.noSlots}</p>
        <p class="actions">
          <a class="button first" href={linkTo('models')}>
            {texts.firstModel}
          </a>
        </p>
      </div>
    )
  }
  return (
    <div id="slots" class="cards">
      {slots.value.map((slot) => (
        <SlotCard key={slot.record.name} slot={slot} />
      ))}
    </div>
  )
}

export const Home = () => {
  const creates = useSignal(false)
  return (
    <main class="page">
      <Problems />
      <div class="page-head">
        <h1>{texts.title}</h1>
        <Button
          onPress={() => {
            creates.value = true
          }}
        >
          {texts.newSlot}
        </Button>
      </div>
      <Machine />
      <h2 class="unseen">{texts.slots}</h2>
      <Slots />
      {creates.value && (
        <NewSlot
          model={null}
          onClose={() => {
            creates.value = false
          }}
        />
      )}
    </main>
  )
}
