import { expect, test } from 'bun:test'
import { makePlanner } from '../../../src/slots/run/planner.ts'
import { slotConfig } from '../../support/slot-config.ts'

const models = { get: () => null, list: () => [], filePaths: () => [], lost: () => [], format: () => 'gguf' }
const config = (model: string) => slotConfig({ model })
const planner = makePlanner(models, [], {
  knows: (id) => id === 'known',
  refusalOf: (id) => (id === 'speech' ? 'speech cannot be pulled yet.' : null),
})

test('a model that can be brought is missing, and no obstacle', () => {
  expect([planner.missing(config('known')), planner.obstacle(config('known'))]).toEqual(['known', null])
})

test('a model of which nothing is known is an obstacle that says where to look', () => {
  expect(planner.missing(config('other'))).toBeNull()
  const obstacle = planner.obstacle(config('other'))
  expect(obstacle?.code).toBe('model.not_found')
  expect(obstacle?.message).toContain('hal0 model search')
})

test('a model that cannot be had says why', () => {
  expect(planner.obstacle(config('speech'))?.message).toBe('speech cannot be pulled yet.')
})
