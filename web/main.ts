/** The dashboard: slots and pulls live, the registry, the daemon, and how to call the API. */
import { call } from './api.ts'
import { showModels } from './models/models-view.ts'
import { PullForm } from './models/pull-form.ts'
import { PullsView } from './models/pulls-view.ts'
import { followSlots } from './slots/slot-events.ts'
import { SlotsView } from './slots/slots-view.ts'
import { StatusView, showConnection } from './status/status-view.ts'
import { showUsage } from './usage/usage-view.ts'

/** How often data without an event stream is fetched again. */
const refreshMs = 30_000

const status = new StatusView()
const slots = new SlotsView(showUsage)

/** Fetches what no stream sends. A failure means a lost connection, which the stream itself shows. */
const refresh = async (): Promise<void> => {
  try {
    const [now, models, all] = await Promise.all([
      call<'status'>('GET', '/api/status'),
      call<'listModels'>('GET', '/api/models'),
      call<'listSlots'>('GET', '/api/slots'),
    ])
    status.show(now)
    showModels(models)
    slots.keepOnly(all.map(({ config }) => config.name))
  } catch (error) {
    console.warn('refresh failed', error)
  }
}

const pulls = new PullsView({
  onDone: () => void refresh(),
  onFocusLost: () => form.focus(),
})
const form = new PullForm((id, request) => pulls.start(id, request))

followSlots({
  onRecord: (record) => {
    slots.show(record)
    // The pull was started elsewhere, so this page may not know it yet.
    if (record.pull !== null) void pulls.refresh()
  },
  onProgress: (progress) => slots.progress(progress),
  onDeleted: (name) => slots.remove(name),
  onOpen: () => {
    showConnection(false)
    void refresh()
    void pulls.refresh()
  },
  onLost: () => showConnection(true),
})
setInterval(() => {
  void refresh()
  void pulls.refresh()
}, refreshMs)
