import { describe, expect, test } from 'bun:test'
import { keys, parseSettings, parseUnset } from '../../../src/cli/slot/shared/settings.ts'
import { Failure } from '../../../src/cli/terminal/failure.ts'
import { problemsOf } from '../../../src/lib/validate.ts'
import { schemas, wireConfig } from '../../support/slot-config.ts'

const refused = (assignment: string): Failure => {
  try {
    parseSettings([assignment])
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error(`${assignment} was taken`)
}

describe('a value is converted to the type of its key', () => {
  const cases: [string, unknown][] = [
    ['context_size=8192', 8192],
    ['context_size=null', null],
    ['idle_timeout_s=0.5', 0.5],
    ['autostart=true', true],
    ['autostart=off', false],
    ['aliases=small, fast', ['small', 'fast']],
    ['aliases=', []],
    ['extra_args=["--rope-freq-base","1,5"]', ['--rope-freq-base', '1,5']],
    ['load=on-demand', 'on-demand'],
    ['flash_attention=on', 'on'],
    ['mode=null', null],
    ['engine=/opt/a=b', '/opt/a=b'],
    ['model=0.5b', '0.5b'],
  ]
  for (const [assignment, value] of cases) {
    test(assignment, () => {
      expect(parseSettings([assignment])).toEqual({ [assignment.slice(0, assignment.indexOf('='))]: value })
    })
  }
})

describe('wrong usage is refused with exit code 2 and a hint at what is allowed', () => {
  const cases: [string, string][] = [
    ['context_sise=1', 'The keys are: model, provider'],
    ['__proto__=1', 'The keys are'],
    ['name=other', 'The keys are'],
    ['context_size', 'KEY=VALUE'],
    ['=1', 'KEY=VALUE'],
    ['context_size=1.5', 'integer'],
    ['context_size=12abc', 'integer'],
    ['context_size=', 'cannot be the context_size'],
    ['port=0', '>= 1'],
    ['autostart=maybe', 'boolean'],
    ['load=later', 'one of manual, on-demand'],
    ['aliases=[1', 'array'],
    ['aliases=[1]', 'string'],
  ]
  for (const [assignment, words] of cases) {
    test(assignment, () => {
      const failure = refused(assignment)
      expect(failure.exitCode).toBe(2)
      expect(failure.message).toContain(words)
    })
  }
})

test('every key with a default can be reset to it', () => {
  const resettable = keys.filter((key) => key !== 'port' && key in wireConfig())
  const patch = parseUnset(resettable)
  expect(Object.keys(patch)).toEqual(resettable)
  expect(problemsOf(schemas.SlotPatch, patch)).toEqual([])
})

test('a key without a default cannot be unset', () => {
  expect(() => parseUnset(['port'])).toThrow('no default')
})
