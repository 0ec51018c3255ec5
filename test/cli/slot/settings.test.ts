import { describe, expect, test } from 'bun:test'
import { argumentsText, keys, parseSettings, parseUnset } from '../../../src/cli/slot/shared/settings.ts'
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
    ['extra_args=-t 4 --path "/a b" --split 3,1', ['-t', '4', '--path', '/a b', '--split', '3,1']],
    ['extra_args=', []],
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
    ['context_sise=1', 'Did you mean context_size?'],
    ['llama_cpp.context_size=1', 'Did you mean context_size?'],
    ['llama_cpp.context_sise=1', 'Did you mean context_size?'],
    ['params.temperature=1', 'give the part, too, as in params.default.temperature.'],
    ['params.defaul.temperature=1', 'Did you mean default?'],
    ['profiles.deep.fixd.a=1', 'Did you mean fixed?'],
    ['params.default.a.b=1', 'params.default.a is one value'],
    ['params.remove.a=1', 'params.remove is one value'],
    ['params.default=1', 'it takes an object as JSON, or set one key of it: --set params.default.KEY=VALUE'],
    ['profiles.=1', 'has an empty part between its dots'],
    ['context_size=1.5', 'takes a whole number from 1 to 100000000, or null, e.g. --set context_size=8192'],
    ['context_size=12abc', 'takes a whole number'],
    ['context_size=', 'cannot be the context_size'],
    ['port=0', 'takes a whole number from 1 to 65535, e.g. --set port=8081'],
    ['idle_timeout_s=soon', 'takes a number from 0 to 31536000, e.g. --set idle_timeout_s=300'],
    ['autostart=maybe', 'takes true or false, e.g. --set autostart=true'],
    ['load=later', 'takes one of manual, on-demand, e.g. --set load=manual'],
    ['load=on-demnd', 'e.g. --set load=manual. Did you mean on-demand?'],
    ['autostart=ture', 'Did you mean true?'],
    ['model=Qwen3', 'takes null, or a text, which must be an id'],
    ['model=Qwen/Qwen3', 'Pull it first, then give its id.'],
    ['aliases=[1', 'takes words with commas between, or JSON, e.g. --set aliases=first,second'],
    ['aliases=[1]', 'takes words with commas between'],
    ['extra_args=-t "4', 'takes arguments as in a shell, or JSON, e.g. --set extra_args="-t 4"'],
    ['extra_args=["-t"', 'takes arguments as in a shell'],
  ]
  for (const [assignment, words] of cases) {
    test(assignment, () => {
      const failure = refused(assignment)
      expect(failure.exitCode).toBe(2)
      expect(failure.message).toContain(words)
    })
  }
})

test('arguments are shown in the form in which they are given', () => {
  const given = ['-t', '4', '--path', '/a b']
  expect(argumentsText('extra_args', given)).toBe("-t 4 --path '/a b'")
  expect(parseSettings([`extra_args=${argumentsText('extra_args', given)}`])).toEqual({ extra_args: given })
  expect(argumentsText('aliases', ['a'])).toBeNull()
})

test('no message explains a value by a regular expression', () => {
  for (const key of keys) {
    for (const text of ['', '!', '^', '-1', '[1]', 'A/B']) {
      try {
        parseSettings([`${key}=${text}`])
      } catch (error) {
        expect((error as Failure).message.replace(`'${text}'`, '')).not.toMatch(/[\^\\]|\[a-z0-9]/)
      }
    }
  }
})

test('the example has the flag that a key has in this command', () => {
  expect(() => parseSettings(['load=later'], ['load'])).toThrow('e.g. --load manual.')
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
