/** `/sign-in`: the page on which a browser shows a key, or uses the link that it was opened with. */
import { policyWithInline } from '../../answers/security-headers.ts'
import type { Routes } from '../../routing/routes.ts'

const style = `
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:100vh;margin:0;background:light-dark(#fff,#14171a);color:light-dark(#1b1f24,#e4e7eb)}
form{display:grid;gap:.75rem;width:min(24rem,90vw)}
input,button{font:inherit;padding:.6rem .75rem;border-radius:6px;border:1px solid light-dark(#b6bcc4,#4a525c)}
button{border:0;background:#0b5cad;color:#fff;cursor:pointer}
p{margin:0}
[role=alert]{color:light-dark(#a4161a,#ff9b9b);min-height:1.5em}
`

const script = `
const form = document.querySelector('form')
const said = document.querySelector('[role=alert]')
const signIn = async (body) => {
  said.textContent = ''
  try {
    const answer = await fetch('api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (answer.ok) location.replace('./')
    else said.textContent = (await answer.json()).error.message
  } catch {
    said.textContent = 'hal0 does not answer. Try again.'
  }
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  signIn({ key: form.elements.key.value.trim() })
})
const link = location.hash.slice(1)
history.replaceState(null, '', location.pathname)
if (link !== '') signIn({ link })
`

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in to hal0</title><style>${style}</style></head><body><form>
<h1>hal0</h1><p>Sign in with a key, or with the link that <code>hal0 open</code> prints on the machine of hal0.</p>
<label for="key">Key</label><input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button><p role="alert"></p></form><script>${script}</script></body></html>`

export const mountSignInPage = (routes: Routes): void => {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policyWithInline(style, script),
  }
  routes.on({ method: 'GET', path: '/sign-in', scope: 'none' }, () => new Response(page, { headers }))
}
