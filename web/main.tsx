/** The dashboard. */
import { render } from 'preact'
import { follow } from './data/live.ts'
import { keepFresh } from './data/refresh.ts'
import { App } from './shell/app.tsx'
import { palette } from './shell/palette-state.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('index.html has no #app')
render(<App />, root)
palette.listen()
follow()
keepFresh()
