import { expect, test } from 'bun:test'
import { buildArgv } from '../../../src/providers/llamacpp/argv.ts'
import { recogniseArgv } from '../../../src/providers/llamacpp/recognise.ts'
import { slotConfig } from '../../support/slot-config.ts'
import { modelEntry } from '../fixtures.ts'

const config = slotConfig({ extra_args: ['--port-of-call', 'x'], port: 8085 })
const model = modelEntry({ id: 'tiny-q8_0' })
const argv = buildArgv('/opt/llama-server', { config, model, files: ['/models/--port/tiny.gguf'], mmproj: null })
const started = { model: 'tiny-q8_0', port: 8085 }

test('what hal0 starts is recognised by its arguments, even behind an interpreter', () => {
  expect(recogniseArgv(argv)).toEqual(started)
  expect(recogniseArgv(['/usr/bin/python3', '-u', ...argv])).toEqual(started)
})

test.each([
  ['another program', ['sleep', '60']],
  ['no port', ['/x', '--model', 'a', '--port']],
  ['a port that is none', ['/x', '--model', 'a', '--port', '99999']],
])('%s is not', (_, words) => {
  expect(recogniseArgv(words)).toBeNull()
})

test('an alias that is not a model’s id is ignored', () => {
  expect(recogniseArgv(['/x', '--model', 'a', '--port', '80', '--alias', 'My Model'])).toEqual({
    model: null,
    port: 80,
  })
})
