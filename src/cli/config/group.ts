import type { Group } from '../command.ts'

export default {
  kind: 'group',
  about: 'The settings of the daemon: hal0.toml, and the token of the hub.',
  commands: {
    show: async () => (await import('./show.ts')).default,
    get: async () => (await import('./get.ts')).default,
    set: async () => (await import('./set.ts')).default,
    edit: async () => (await import('./edit.ts')).default,
    check: async () => (await import('./check.ts')).default,
    token: async () => (await import('./token.ts')).default,
  },
  aliases: { validate: 'check' },
} satisfies Group
