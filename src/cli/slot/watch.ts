import type { SlotRecord } from '../../contract/slot.ts'
import { timeOfDay } from '../../lib/figures.ts'
import { Absence } from '../api/absence.ts'
import { call } from '../api/client.ts'
import { followEvents } from '../api/follow-events.ts'
import { defineVerb } from '../command.ts'
import { print } from '../terminal/output.ts'
import { StatusLine } from '../terminal/status-line.ts'
import { type Cell, growingTable } from '../terminal/table.ts'
import { describeProgress, queueText, readSlotEvent, stateCell } from './shared/progress.ts'

const columns = [
  { title: 'TIME', role: 'figure', min: 8 },
  { title: 'NAME', role: 'id', min: 12 },
  { title: 'STATE', role: 'figure', min: 9 },
  { title: 'WHY', role: 'prose', min: 20 },
] as const

const cells = ({ since, name, state, error, reason }: SlotRecord): (string | Cell)[] => [
  timeOfDay(since),
  name,
  stateCell(state),
  error?.message ?? reason ?? '',
]

export default defineVerb({
  about: 'Follow what the slots do: first how each stands, then every change.',
  more: `Goes on until Ctrl-C, over restarts of the daemon.
With --json one JSON object a line: the state record of the change, or {name, deleted: true}.`,
  examples: ['hal0 slot watch', 'hal0 slot watch primary --json | jq -r .state'],
  args: { name: { type: 'positional', required: false, description: 'Only this slot', completes: 'slot' } },
  async run({ args: { name, json } }) {
    if (name !== undefined) await call('showSlot', { params: { name } })
    const concerns = (slot: string): boolean => name === undefined || name === slot
    const line = new StatusLine()
    const { row } = growingTable(columns)
    const follow = { absence: new Absence(() => line.clear()), wasThere: name !== undefined }
    const seen = new Map<string, string>()
    for await (const event of followEvents('/api/slots/events', follow)) {
      const news = readSlotEvent(event)
      if (news?.kind === 'progress' && concerns(news.progress.name) && process.stderr.isTTY === true) {
        line.show(news.progress.state, `${news.progress.name}: ${describeProgress(news.progress)}`)
      } else if (news?.kind === 'queue' && concerns(news.queue.name) && process.stderr.isTTY === true) {
        if (news.queue.waiting === 0) line.clear()
        else line.show('queue', `${news.queue.name}: ${queueText(news.queue)}`)
      } else if (news?.kind === 'record' && concerns(news.record.name)) {
        const { name: slot } = news.record
        // After a lost connection the daemon sends the state of each slot again.
        if (seen.get(slot) === event.data) continue
        seen.set(slot, event.data)
        line.clear()
        print(json ? event.data : row(cells(news.record)))
      } else if (news?.kind === 'deleted' && concerns(news.name)) {
        seen.delete(news.name)
        line.clear()
        const now = timeOfDay(new Date().toISOString())
        print(json ? JSON.stringify({ name: news.name, deleted: true }) : row([now, news.name, 'deleted', '']))
      }
    }
  },
})
