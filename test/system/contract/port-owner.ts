import { describe, expect, test } from 'bun:test'
import { tempDir } from '../../support/temp-dir.ts'
import { bunProgram, listenerSource } from '../programs.ts'
import type { Fixture } from './fixture.ts'

export const portOwnerContract = (at: Fixture): void => {
  describe('portOwner', () => {
    test('distinguishes its own listener, a foreign one, and none', async () => {
      const folder = tempDir()
      await at.start(bunProgram('primary', folder, listenerSource))
      const port = await at.portOf('primary')
      expect(await at.supervisor.portOwner('primary', port)).toEqual({ kind: 'own' })
      expect(await at.supervisor.portOwner('embed', port)).toMatchObject({
        kind: 'other',
        pid: expect.any(Number),
        command: expect.stringContaining('primary-'),
      })
      await at.supervisor.stop('primary', 1000)
      expect(await at.supervisor.portOwner('primary', port)).toEqual({ kind: 'none' })
    })

    test('counts the daemon itself as foreign', async () => {
      const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
      try {
        expect(await at.supervisor.portOwner('primary', server.port)).toMatchObject({ kind: 'other', pid: process.pid })
      } finally {
        server.stop(true)
      }
    })

    test('sees a listener on every address of either family', async () => {
      const folder = tempDir()
      await at.start(bunProgram('primary', folder, listenerSource, ['0.0.0.0']))
      const port = await at.portOf('primary')
      expect(await at.supervisor.portOwner('primary', port)).toEqual({ kind: 'own' })
      await at.start(bunProgram('embed', folder, listenerSource, ['::']))
      expect(await at.supervisor.portOwner('embed', await at.portOf('embed'))).toEqual({ kind: 'own' })
    })
  })
}
