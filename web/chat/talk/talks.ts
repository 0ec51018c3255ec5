/** The conversations, kept in this browser and nowhere else. */
import { computed, signal } from '@preact/signals'
import type { Talk, Turn } from './talk.ts'

const key = 'hal0.talks'
/** Changes that come close together are kept together, milliseconds. */
const keepMs = 500

const isTalk = (value: unknown): value is Talk =>
  typeof value === 'object' && value !== null && 'id' in value && Array.isArray((value as Talk).turns)

const read = (): Talk[] => {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(kept) ? kept.filter(isTalk) : []
  } catch (error) {
    console.warn('the conversations could not be read', error)
    return []
  }
}

/** The newest first. */
export const talks = signal<readonly Talk[]>(read())
const currentId = signal<string | null>(null)
/** Whether the browser had room for all of it. */
export const isKept = signal(true)

export const currentTalk = computed(() => talks.value.find(({ id }) => id === currentId.value) ?? null)

let timer: ReturnType<typeof setTimeout> | undefined

const keep = (): void => {
  clearTimeout(timer)
  timer = undefined
  try {
    localStorage.setItem(key, JSON.stringify(talks.value))
    isKept.value = true
  } catch {
    isKept.value = false
  }
}
window.addEventListener('pagehide', () => timer !== undefined && keep())
// Another tab has changed them: it is the newer one.
window.addEventListener('storage', (event) => {
  if (event.key === key && timer === undefined) talks.value = read()
})

const put = (all: readonly Talk[]): void => {
  talks.value = all
  timer ??= setTimeout(keep, keepMs)
}

/** Tells apart what this browser keeps; `crypto.randomUUID` is missing on plain HTTP. */
const newId = (): string => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`

export const openTalk = (id: string | null): void => {
  currentId.value = id
}

/** Begins a conversation with what was chosen in the one before. */
export const beginTalk = (like: Omit<Talk, 'id' | 'turns'>): Talk => {
  const talk = { ...like, id: newId(), turns: [] }
  put([talk, ...talks.value])
  currentId.value = talk.id
  return talk
}

export const changeTalk = (id: string, changes: Partial<Omit<Talk, 'id'>>): void =>
  put(talks.value.map((talk) => (talk.id === id ? { ...talk, ...changes } : talk)))

/** Changes the last turn of a conversation, if it is still there. */
export const changeLast = (id: string, changed: (turn: Turn) => Turn): void =>
  put(
    talks.value.map((talk) => {
      const last = talk.turns.at(-1)
      return talk.id === id && last !== undefined
        ? { ...talk, turns: [...talk.turns.slice(0, -1), changed(last)] }
        : talk
    }),
  )

export const deleteTalk = (id: string): void => put(talks.value.filter((talk) => talk.id !== id))
