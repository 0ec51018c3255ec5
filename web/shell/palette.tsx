/** Every view, slot and verb in one list that is searched by typing. */
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { slots } from '../data/state.ts'
import { commandSlot } from '../slot/command.ts'
import { Dialog } from '../ui/dialog.tsx'
import { verbLabels, verbsOf } from '../words/slot-words.ts'
import { palette } from './palette-state.ts'
import { go } from './router.ts'
import { texts } from './texts.ts'

interface Item {
  text: string
  hint: string
  run: () => void
}

const all = (): Item[] => [
  { text: 'Home', hint: 'view', run: () => go() },
  { text: 'Chat', hint: 'view', run: () => go('chat') },
  { text: 'Models', hint: 'view', run: () => go('models') },
  ...slots.value.flatMap(({ record: { name, state } }) => [
    { text: name, hint: `slot, ${state}`, run: () => go('slots', name) },
    ...verbsOf(state).map((verb) => ({
      text: `${verbLabels[verb]} ${name}`,
      hint: 'action',
      // The slot's page shows what becomes of it, and why it was refused.
      run: () => {
        go('slots', name)
        void commandSlot(name, verb)
      },
    })),
    { text: `Log of ${name}`, hint: 'view', run: () => go('slots', name, 'log') },
    { text: `Settings of ${name}`, hint: 'view', run: () => go('slots', name, 'settings') },
  ]),
]

/** Every word of the query has to occur. */
const fits =
  (query: string) =>
  ({ text }: Item): boolean =>
    query
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.toLowerCase().includes(word))

const List = () => {
  const query = useSignal('')
  const at = useSignal(0)
  const id = useId()
  const found = all().filter(fits(query.value)).slice(0, 50)
  const chosen = Math.min(at.value, found.length - 1)
  const run = (item: Item | undefined): void => {
    if (item === undefined) return
    palette.hide()
    item.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) at.value = (chosen + step + found.length) % Math.max(1, found.length)
    else if (event.key === 'Enter') run(found[chosen])
    else return
    event.preventDefault()
  }
  return (
    <>
      <input
        class="input"
        role="combobox"
        aria-label={texts.findWhat}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found.length === 0 ? undefined : `${id}-${chosen}`}
        placeholder={texts.findWhat}
        autocomplete="off"
        spellcheck={false}
        value={query.value}
        onInput={({ currentTarget }) => {
          query.value = currentTarget.value
          at.value = 0
        }}
        onKeyDown={onKeyDown}
      />
      <div id={id} class="list" role="listbox" aria-label={texts.findWhat}>
        {found.map((item, index) => (
          <div
            key={item.text}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onClick={() => run(item)}
            onKeyDown={onKeyDown}
          >
            {item.text}
            <span class="quiet">{item.hint}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="quiet nothing">{texts.nothingFound}</p>}
    </>
  )
}

export const Palette = () =>
  palette.isOpen.value ? (
    <Dialog title={texts.findWhat} class="palette" onClose={palette.hide}>
      <List />
    </Dialog>
  ) : null
