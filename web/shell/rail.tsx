/** The views, and what is always at hand. */
import { age } from '../../src/lib/figures.ts'
import { now } from '../data/clock.ts'
import { status } from '../data/state.ts'
import { Icon, type IconName, Mark } from '../ui/icon.tsx'
import { palette } from './palette-state.ts'
import { linkTo, route } from './router.ts'
import { texts } from './texts.ts'

interface View {
  name: string
  icon: IconName
  /** First part of the path; empty: Home. */
  path: string
  /** Other first parts that belong to it. */
  also: readonly string[]
}

const views: readonly View[] = [
  { name: 'Home', icon: 'home', path: '', also: ['slots'] },
  { name: 'Chat', icon: 'chat', path: 'chat', also: [] },
  { name: 'Models', icon: 'models', path: 'models', also: [] },
]

const Version = () => {
  if (status.value === null) return null
  const { status: known, at } = status.value
  const up = age(known.uptime_s + (now.value - at) / 1000)
  return (
    <p id="status" class="wide quiet tiny version">
      {texts.up(known.version, up)}
    </p>
  )
}

export const Rail = () => {
  const [first = ''] = route.value
  return (
    <nav class="rail" aria-label={texts.views}>
      <span class="brand">
        <Mark />
        hal0
      </span>
      {views.map(({ name, icon, path, also }) => (
        <a
          key={name}
          href={path === '' ? linkTo() : linkTo(path)}
          aria-current={first === path || also.includes(first) ? 'page' : undefined}
        >
          <Icon name={icon} />
          {name}
        </a>
      ))}
      <div class="foot">
        <button type="button" aria-haspopup="dialog" onClick={() => palette.show()}>
          <Icon name="find" />
          {texts.find}
          <kbd class="wide">{/Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        <a class="wide" href="docs">
          <Icon name="api" />
          API
        </a>
        <Version />
      </div>
    </nav>
  )
}
