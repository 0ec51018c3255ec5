import type { Group } from '../command.ts'

export default {
  kind: 'group',
  about: 'Slots: each runs one model in one backend.',
  commands: {
    list: async () => (await import('./list.ts')).default,
    show: async () => (await import('./show.ts')).default,
    create: async () => (await import('./create.ts')).default,
    edit: async () => (await import('./edit.ts')).default,
    rm: async () => (await import('./rm.ts')).default,
    load: async () => (await import('./load.ts')).default,
    unload: async () => (await import('./unload.ts')).default,
    restart: async () => (await import('./restart.ts')).default,
    swap: async () => (await import('./swap.ts')).default,
    ack: async () => (await import('./ack.ts')).default,
    cancel: async () => (await import('./cancel.ts')).default,
    capture: async () => (await import('./capture.ts')).default,
    logs: async () => (await import('./logs.ts')).default,
    watch: async () => (await import('./watch.ts')).default,
  },
  aliases: { ls: 'list', delete: 'rm', remove: 'rm' },
} satisfies Group
