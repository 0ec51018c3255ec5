import type { Group } from '../command.ts'

export default {
  kind: 'group',
  about: 'Keys: what programs on the network show to be let in.',
  commands: {
    list: async () => (await import('./list.ts')).default,
    create: async () => (await import('./create.ts')).default,
    revoke: async () => (await import('./revoke.ts')).default,
  },
  aliases: { ls: 'list', rm: 'revoke', delete: 'revoke' },
} satisfies Group
