import { call } from './api/client.ts'
import { baseUrl } from './api/connection.ts'
import { defineVerb } from './command.ts'
import { print, printJson, talk } from './terminal/output.ts'

export default defineVerb({
  about: 'Print a link to the dashboard that signs in a browser once, within 15 minutes.',
  examples: ['hal0 open', 'xdg-open "$(hal0 open)"'],
  args: {},
  async run({ args: { json } }) {
    const { path, expires_at } = await call('createSignInLink', {})
    const url = `${baseUrl()}${path}`
    if (json) return printJson({ url, expires_at })
    talk.log('Open this in a browser within 15 minutes. It works once:')
    print(url)
  },
})
