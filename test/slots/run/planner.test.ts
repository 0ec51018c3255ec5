import { expect, test } from 'bun:test'
import { makePlanner } from '../../../src/slots/run/planner.ts'
import { slotConfig } from '../../support/slot-config.ts'

const models = { get: () => null, list: () => [], filePaths: () => [], lost: () => [], format: () => 'gguf' }
const config = (model: string) => slotConfig({ model })
const planner = makePlanner(models, [], {
  knows: (id) => id === 'known',
  refusalOf: (id) => (id === 'speech' ? 'speech cannot be pulled yet.' : null),
})

test('a model that can be pulled is missing, but not an obstacle', () => {
  expect([planner.missing(config('known')), planner.obstacle(config('known'))]).toEqual(['known', null])
})

test('an unknown model is an obstacle that says where to look', () => {
  expect(planner.missing(config('other'))).toBeNull()
  const obstacle = planner.obstacle(config('other'))
  expect(obstacle?.code).toBe('model.not_found')
  expect(obstacle?.message).toContain('hal0 model search')
})

test('a model that cannot be obtained says why', () => {
  expect(planner.obstacle(config('speech'))?.message).toBe('speech cannot be pulled yet.')
})
