/** The page: the rail, and the view that the address names. */
import { useEffect, useRef } from 'preact/hooks'
import { age } from '../../src/lib/figures.ts'
import { Chat } from '../chat/chat.tsx'
import { now } from '../data/clock.ts'
import { announcement, staleSince } from '../data/state.ts'
import { Home } from '../home/home.tsx'
import { Models } from '../models/models.tsx'
import { SlotPage } from '../slot/slot-page.tsx'
import { Palette } from './palette.tsx'
import { Rail } from './rail.tsx'
import { linkTo, route } from './router.ts'
import { texts } from './texts.ts'

const View = () => {
  const [first, second, third = ''] = route.value
  if (first === undefined) return <Home />
  if (first === 'models') return <Models />
  if (first === 'chat') return <Chat asked={second ?? null} />
  if (first === 'slots' && second !== undefined) return <SlotPage key={second} name={second} tab={third} />
  return (
    <main class="page">
      <h1>{texts.notFound}</h1>
      <p class="empty">
        <a href={linkTo()}>{texts.toHome}</a>
      </p>
    </main>
  )
}

/** What is known may be old: since when. */
const Stale = () => {
  const since = staleSince.value
  return (
    <p id="connection" class="notice stale" data-mood="busy" role="status" hidden={since === null}>
      {since !== null && texts.stale(age((now.value - since) / 1000))}
    </p>
  )
}

export const App = () => {
  const page = useRef<HTMLDivElement>(null)
  const place = route.value.slice(0, 2).join('/')
  const before = useRef(place)
  useEffect(() => {
    document.title = place === '' ? 'hal0' : `${route.value[1] ?? route.value[0]} · hal0`
    if (before.current === place) return
    before.current = place
    // A new view begins at its top, for the keyboard as well.
    scrollTo(0, 0)
    page.current?.focus()
  }, [place])
  return (
    <div class="shell">
      <Rail />
      <div ref={page} tabIndex={-1}>
        <Stale />
        <View />
      </div>
      <Palette />
      <p id="announcements" class="unseen" aria-live="polite">
        {announcement.value}
      </p>
    </div>
  )
}
