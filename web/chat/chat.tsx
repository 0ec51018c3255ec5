/** A conversation with a slot. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { OpenAiModelList } from '../../src/contract/models/openai-model.ts'
import { request } from '../data/api.ts'
import { hasSlots, slotNamed, slots } from '../data/state.ts'
import { linkTo } from '../shell/router.ts'
import { commandSlot, isBusy, refusalOf } from '../slot/command.ts'
import { Button } from '../ui/button.tsx'
import { Failure } from '../ui/failure.tsx'
import { StateWord } from '../ui/state-word.tsx'
import { modeOf } from '../words/slot-mode.ts'
import { moodOf } from '../words/slot-words.ts'
import { Composer } from './composer.tsx'
import { Options } from './options.tsx'
import { ask, isRunning, stop } from './talk/ask.ts'
import type { Talk } from './talk/talk.ts'
import { beginTalk, changeTalk, currentTalk, openTalk } from './talk/talks.ts'
import { TalkList } from './talk-list.tsx'
import { texts } from './texts.ts'
import { Turns } from './turns.tsx'

/** Names of the slots that can chat; those of which that is not known yet, too. */
const chatSlots = (): string[] =>
  slots.value.filter((slot) => (modeOf(slot) ?? 'chat') === 'chat').map(({ record }) => record.name)

/** The first that is loaded, else the first. */
const usualSlot = (names: readonly string[]): string | null =>
  names.find((name) => moodOf(slotNamed(name)?.record.state ?? 'offline') === 'good') ?? names[0] ?? null

const seesImages = async (slot: string): Promise<boolean> => {
  const { data } = (await (await request('/v1/models')).json()) as OpenAiModelList
  return data.find(({ id }) => id === slot)?.capabilities.includes('vision') ?? false
}

interface HeadProps {
  slot: string
  names: readonly string[]
  onSlot: (name: string) => void
  onTalks: () => void
  onOptions: () => void
  optionsOpen: boolean
}

const Head = ({ slot, names, onSlot, onTalks, onOptions, optionsOpen }: HeadProps) => {
  const known = slotNamed(slot)
  return (
    <header class="talk-head">
      <h1 class="unseen">{texts.title}</h1>
      <span class="only-narrow">
        <Button kind="plain" onPress={onTalks}>
          {texts.showTalks}
        </Button>
      </span>
      <select
        class="input"
        aria-label={texts.slot}
        value={slot}
        onChange={({ currentTarget }) => onSlot(currentTarget.value)}
      >
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {known !== null && <StateWord mood={moodOf(known.record.state)}>{known.record.state}</StateWord>}
      {known?.record.state === 'offline' && known.config?.load !== 'on-demand' && (
        <Button label={`Load ${slot}`} busy={isBusy(slot)} onPress={() => commandSlot(slot, 'load', known.record.seq)}>
          {texts.load}
        </Button>
      )}
      <button type="button" class="button plain last" aria-expanded={optionsOpen} onClick={onOptions}>
        {texts.options}
      </button>
      {known !== null && <Failure error={known.record.error ?? refusalOf(slot, known.record.seq)} />}
    </header>
  )
}

export const Chat = ({ asked }: { asked: string | null }) => {
  const listOpen = useSignal(false)
  const optionsOpen = useSignal(false)
  /** What the next conversation begins with. */
  const plan = useSignal<Omit<Talk, 'id' | 'turns'>>({ slot: asked, system: '' })
  const takesImages = useSignal(false)
  const talk = currentTalk.value
  const names = chatSlots()
  const settings = talk ?? plan.value
  const slot = settings.slot !== null && names.includes(settings.slot) ? settings.slot : usualSlot(names)
  useEffect(() => {
    if (asked === null || currentTalk.value?.slot === asked) return
    openTalk(null)
    plan.value = { ...plan.value, slot: asked }
  }, [asked, plan])
  useEffect(() => {
    takesImages.value = false
    if (slot === null) return
    seesImages(slot).then(
      (sees) => {
        takesImages.value = sees
      },
      (error: unknown) => console.warn('what the slot can do could not be fetched', error),
    )
  }, [slot, takesImages])

  const change = (changes: Partial<Talk>): void => {
    if (talk === null) plan.value = { ...plan.value, ...changes }
    else changeTalk(talk.id, changes)
  }
  const send = (text: string, images: readonly string[]): void => {
    if (slot === null) return
    const now = talk ?? beginTalk({ ...plan.value, slot })
    void ask({ ...now, turns: [...now.turns, { role: 'user', text, images }] }, slot)
  }
  /** Asks again from a turn on: what came after it is forgotten. @param changed new text of the question */
  const askAgain = (at: number, changed?: string): void => {
    if (slot === null || talk === null) return
    const turns = talk.turns.slice(0, at + 1)
    const last = turns.at(-1)
    if (last?.role !== 'user') return
    void ask({ ...talk, turns: [...turns.slice(0, -1), { ...last, text: changed ?? last.text }] }, slot)
  }
  const openNew = (): void => {
    plan.value = { ...settings, slot }
    openTalk(null)
    listOpen.value = false
  }
  if (slot === null) {
    return (
      <main class="page">
        <h1>{texts.title}</h1>
        {hasSlots.value && (
          <div class="empty">
            <p>{texts.noSlots}</p>
            <p class="actions">
              <a class="button first" href={linkTo('models')}>
                {texts.chooseModel}
              </a>
            </p>
          </div>
        )}
      </main>
    )
  }
  const isBusyTalk = isRunning(talk)
  return (
    <main class="chat">
      <TalkList
        isOpen={listOpen.value}
        onNew={openNew}
        onClose={() => {
          listOpen.value = false
        }}
      />
      <section class="talk">
        <Head
          slot={slot}
          names={names}
          onSlot={(name) => change({ slot: name })}
          onTalks={() => {
            listOpen.value = true
          }}
          onOptions={() => {
            optionsOpen.value = !optionsOpen.value
          }}
          optionsOpen={optionsOpen.value}
        />
        {optionsOpen.value && <Options talk={settings} onChange={change} />}
        <Turns talk={talk} slot={slot} isRunning={isBusyTalk} onAgain={askAgain} />
        <Composer
          slot={slot}
          takesImages={takesImages.value}
          isRunning={isBusyTalk}
          onSend={send}
          onStop={() => talk !== null && stop(talk.id)}
        />
      </section>
    </main>
  )
}
