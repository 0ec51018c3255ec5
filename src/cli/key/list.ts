import type { Key } from '../../contract/access/keys.ts'
import { duration } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { table } from '../terminal/table.ts'
import { daemonOrLocalKeys } from './reach.ts'

const columns = [
  { title: 'NAME', role: 'id' },
  { title: 'BEGINS', role: 'figure' },
  { title: 'SCOPE', role: 'figure' },
  { title: 'SLOTS', role: 'prose' },
  { title: 'REQUESTS', role: 'figure', align: 'right' },
  { title: 'TOKENS', role: 'figure', align: 'right' },
  { title: 'LAST USED', role: 'figure' },
  { title: 'EXPIRES', role: 'figure' },
] as const

const ago = (time: string | null, now: number): string =>
  time === null ? 'never' : `${duration(Math.max(0, (now - Date.parse(time)) / 1000))} ago`

const expiry = (time: string | null, now: number): string => {
  if (time === null) return 'never'
  const left = (Date.parse(time) - now) / 1000
  return left <= 0 ? 'expired' : `in ${duration(left)}`
}

const rowOf = (key: Key, now: number): string[] => [
  key.name,
  `${key.prefix}…`,
  key.priority === null ? key.scope : `${key.scope}, ${key.priority}`,
  key.slots?.join(', ') ?? 'all',
  String(key.requests),
  String(key.tokens),
  ago(key.last_used_at, now),
  expiry(key.expires_at, now),
]

export default defineVerb({
  about: 'List the keys, and what each was used for.',
  more: 'A key itself is never shown again; it is recognised by how it begins. Works without a daemon too, unless HAL0_URL is set.',
  examples: ['hal0 key list', "hal0 key list --json | jq -r '.[].name'"],
  args: {},
  async run({ args: { json } }) {
    const keys = await daemonOrLocalKeys(
      () => call('listKeys', {}),
      async (local) => local.list(),
    )
    if (json) return printJson(keys)
    if (keys.length === 0) return talk.log('There are no keys. Make one: hal0 key create NAME')
    const now = Date.now()
    print(
      table(
        columns,
        keys.map((key) => rowOf(key, now)),
      ),
    )
  },
})
