import { describe, expect, test } from 'bun:test'
import { ruleAt, ruleRows } from '../../../src/cli/slot/shared/rule-settings.ts'
import { parseSettings, parseUnset } from '../../../src/cli/slot/shared/settings.ts'
import type { SlotPatch } from '../../../src/contract/slot-config.ts'
import { problemsOf } from '../../../src/lib/validate.ts'
import { schemas, wireConfig } from '../../support/slot-config.ts'

describe('a rule is set by its path', () => {
  const cases: [string, SlotPatch][] = [
    ['params.default.temperature=0.2', { params: { default: { temperature: 0.2 } } }],
    ['params.default.reasoning_effort=high', { params: { default: { reasoning_effort: 'high' } } }],
    ['params.default.seed="7"', { params: { default: { seed: '7' } } }],
    ['params.fixed.stop=["a","b=c"]', { params: { fixed: { stop: ['a', 'b=c'] } } }],
    ['params.fixed.kwargs={"a":{"b":1}}', { params: { fixed: { kwargs: { a: { b: 1 } } } } }],
    ['params.default.temperature=null', { params: { default: { temperature: null } } }],
    ['params.remove=top_k, seed', { params: { remove: ['top_k', 'seed'] } }],
    ['params.remove=["top_k"]', { params: { remove: ['top_k'] } }],
    ['params.remove=', { params: { remove: [] } }],
    ['profiles.deep.fixed.a=true', { profiles: { deep: { fixed: { a: true } } } }],
    ['profiles.deep={}', { profiles: { deep: {} } }],
    ['profiles.deep=null', { profiles: { deep: null } }],
    ['params={"default":{"a":1}}', { params: { default: { a: 1 } } }],
  ]
  for (const [assignment, patch] of cases) {
    test(assignment, () => {
      expect(parseSettings([assignment])).toEqual(patch)
      expect(problemsOf(schemas.SlotPatch, patch)).toEqual([])
    })
  }

  test('and several make one change, also with what is taken away', () => {
    const set = parseSettings(['params.default.a=1', 'load=manual', 'params.default.b=2', 'profiles.deep.remove=c'])
    expect(parseUnset(['params.fixed', 'params.default.c', 'profiles.fast'], set)).toEqual({
      load: 'manual',
      params: { default: { a: 1, b: 2, c: null }, fixed: null },
      profiles: { deep: { remove: ['c'] }, fast: null },
    })
  })
})

test('the rules of a slot are shown by the same paths', () => {
  const config = wireConfig({
    params: { default: { temperature: 0.2, stop: ['a'] }, remove: ['top_k', 'seed'] },
    profiles: { deep: { fixed: { effort: 'high', kwargs: { a: 1 } } }, plain: {} },
  })
  expect(ruleRows(config)).toEqual([
    ['params.default.temperature', '0.2'],
    ['params.default.stop', '["a"]'],
    ['params.remove', 'top_k, seed'],
    ['profiles.deep.fixed.effort', '"high"'],
    ['profiles.deep.fixed.kwargs', '{"a":1}'],
    ['profiles.plain', 'no rules'],
  ])
  expect(ruleRows(wireConfig())).toEqual([['params', '-']])
  expect(ruleAt(config, 'params.default.temperature')).toBe('0.2')
  expect(ruleAt(config, 'profiles.gone.fixed')).toBe('-')
})
