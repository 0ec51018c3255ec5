/** The end of setup's last screen. */
import { describe, expect, test } from 'bun:test'
import { type FirstSteps, firstSteps } from '../../src/cli/host/setup/first-steps.ts'

const server: FirstSteps = {
  version: '1.0.0',
  url: 'http://127.0.0.1:8080',
  host: '127.0.0.1',
  names: ['192.168.1.5', 'nas', 'nas.local'],
  restart: 'sudo systemctl restart hal0',
  installEngine: 'hal0 engine install llama.cpp --source pypi',
  slot: null,
  model: 'small-model',
  unknownCommand: null,
}
/** The commands on the screen, which are indented. */
const commands = (facts: Partial<FirstSteps>): string[] =>
  firstSteps({ ...server, ...facts })
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim())

describe('the way to a first answer', () => {
  const [asked] = commands({})

  test('is one command on a new machine, since run brings what is missing', () => {
    expect(asked).toMatch(/^hal0 run small-model ".+"$/)
  })

  test('is a chat where there is a slot, after an engine if there is none', () => {
    expect(commands({ slot: 'main' })[0]).toBe('hal0 engine install llama.cpp --source pypi')
    expect(commands({ slot: 'main', installEngine: null })[0]).toMatch(/^hal0 chat main ".+"$/)
  })

  test('begins with a file of one’s own where no model can be pulled', () => {
    expect(commands({ model: null }).slice(0, 2)).toEqual([
      'hal0 model import /path/to/model.gguf --id first',
      expect.stringMatching(/^hal0 run first ".+"$/),
    ])
  })
})

describe('for other machines', () => {
  test('it says what lets them in, at which address, and the key that they need', () => {
    expect(commands({}).slice(1)).toEqual([
      `hal0 config set host=0.0.0.0 'allowed_hosts=["192.168.1.5","nas","nas.local"]'`,
      'sudo systemctl restart hal0',
      'hal0 key create laptop',
    ])
    expect(firstSteps(server)).toContain('at http://192.168.1.5:8080; they show the key that the last one prints')
  })

  test('it says the address where they are let in already, and nothing where there is no network', () => {
    expect(firstSteps({ ...server, host: '0.0.0.0' })).toContain('Other machines reach it at http://192.168.1.5:8080')
    expect(firstSteps({ ...server, names: [] })).not.toContain('ther machines')
  })
})
