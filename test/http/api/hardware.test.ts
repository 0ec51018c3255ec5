import { afterAll, beforeAll, expect, test } from 'bun:test'
import { bareHardware } from '../../support/fits.ts'
import { startServer, type TestServer } from '../support/server.ts'

let asked = 0
let server: TestServer
beforeAll(async () => {
  server = await startServer({
    hardware: async () => ({ ...bareHardware, memory: { ...bareHardware.memory, available: asked++ } }),
  })
})
afterAll(() => server.stop())

const get = () => fetch(`${server.url}/api/hardware`)

test('the machine is looked at for each answer', async () => {
  const answers = [await (await get()).json(), await (await get()).json()]
  expect(answers).toMatchObject([{ memory: { available: 0 } }, { memory: { available: 1 } }])
  expect(answers[0]).toMatchObject({ cpu: bareHardware.cpu, disk: bareHardware.disk, gpus: [], npus: [] })
})

test('it takes no parameters', async () => {
  expect((await fetch(`${server.url}/api/hardware?gpu=1`)).status).toBe(400)
})
