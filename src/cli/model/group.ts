import type { Group } from '../command.ts'

export default {
  kind: 'group',
  about: 'Models: the registry that slots refer to.',
  commands: {
    list: async () => (await import('./list.ts')).default,
    show: async () => (await import('./show.ts')).default,
    pull: async () => (await import('./pull.ts')).default,
    search: async () => (await import('./search.ts')).default,
    outdated: async () => (await import('./outdated.ts')).default,
    update: async () => (await import('./update.ts')).default,
    gc: async () => (await import('./gc.ts')).default,
    import: async () => (await import('./import.ts')).default,
    verify: async () => (await import('./verify.ts')).default,
    rm: async () => (await import('./rm.ts')).default,
    assign: async () => (await import('./assign.ts')).default,
  },
  aliases: { ls: 'list', delete: 'rm', remove: 'rm' },
} satisfies Group
