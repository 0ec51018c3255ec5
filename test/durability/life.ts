/** A life of a slot as a sequence of commands, each with what it leaves behind: what the files must show wherever it is cut off. */
import type { Command } from './kill-points/live.ts'

/** What the commands have made of the disk. */
export interface World {
  models: string[]
  /** null: there is no slot. */
  slot: { model: string; context: number | null } | null
}

export interface Ingredients {
  /** Path of the stand-in engine. */
  engine: string
  /** Paths of two GGUF files. */
  first: string
  second: string
}

export const slotName = 'primary'
const slot = `/api/slots/${slotName}`
const same = (world: World): World => world

const withoutModel = (world: World, id: string): World => ({
  ...world,
  models: world.models.filter((one) => one !== id),
})

/** The whole life: models come and go, the slot is created, edited, loaded, used, swapped and deleted. */
export const life = ({ engine, first, second }: Ingredients): Command<World>[] => [
  {
    title: 'import by copy',
    run: (daemon) => daemon.must('POST', '/api/models', { path: first, id: 'first' }),
    leaves: (world) => ({ ...world, models: [...world.models, 'first'] }),
  },
  {
    title: 'create',
    run: (daemon) => daemon.must('POST', '/api/slots', { name: slotName, model: 'first', engine }),
    leaves: (world) => ({ ...world, slot: { model: 'first', context: null } }),
  },
  {
    title: 'edit',
    run: (daemon) => daemon.must('PATCH', slot, { context_size: 512 }),
    leaves: (world) => ({ ...world, slot: { model: 'first', context: 512 } }),
  },
  { title: 'load', run: (daemon) => daemon.must('POST', `${slot}/load?wait=20`), leaves: same },
  {
    title: 'request',
    run: (daemon) => daemon.must('POST', '/v1/chat/completions', { model: slotName, messages: [] }),
    leaves: same,
  },
  {
    title: 'import by link',
    run: (daemon) => daemon.must('POST', '/api/models', { path: second, id: 'second', link: true }),
    leaves: (world) => ({ ...world, models: [...world.models, 'second'] }),
  },
  {
    title: 'swap',
    run: (daemon) => daemon.must('POST', `${slot}/swap?wait=20`, { model: 'second' }),
    leaves: (world) => ({ ...world, slot: { model: 'second', context: 512 } }),
  },
  {
    title: 'remove a model',
    run: (daemon) => daemon.must('DELETE', '/api/models/first'),
    leaves: (world) => withoutModel(world, 'first'),
  },
  { title: 'unload', run: (daemon) => daemon.must('POST', `${slot}/unload?wait=20`), leaves: same },
  { title: 'load again', run: (daemon) => daemon.must('POST', `${slot}/load`), leaves: same },
  { title: 'unload at once', run: (daemon) => daemon.must('POST', `${slot}/unload?wait=20`), leaves: same },
  { title: 'delete', run: (daemon) => daemon.must('DELETE', slot), leaves: (world) => ({ ...world, slot: null }) },
]
