import type { Group } from '../command.ts'

export default {
  kind: 'group',
  about: 'Engines: the programs that run models.',
  commands: {
    list: async () => (await import('./list.ts')).default,
    install: async () => (await import('./install.ts')).default,
    use: async () => (await import('./use.ts')).default,
    rm: async () => (await import('./rm.ts')).default,
  },
  aliases: { ls: 'list', delete: 'rm', remove: 'rm' },
} satisfies Group
