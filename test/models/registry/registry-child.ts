/** Changes a registry in a separate process, so that a test can disturb it. Prints "done", or the error's code. */
import { Bus } from '../../../src/lib/async/bus.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import { commit, modelCalled, receive, registration } from './received.ts'

const [models = '', path = '', action] = process.argv.slice(2)

/** A model with its projector, at a commit other than the installed one. */
const register = async (registry: ModelRegistry): Promise<void> => {
  const over = registry.get('a')
  const name = over === null ? 'old' : 'new'
  const mmproj = receive(models, 'mmproj-F16.gguf', modelCalled(`${name} eyes`, 'clip'))
  const revision = commit(over === null ? 'a' : 'b')
  await registry.register(registration(models, 'a', modelCalled(name), { revision, mmproj, over }))
}

try {
  const registry = await ModelRegistry.open(models)
  registry.watch({ runners: () => [], freed: new Bus<string>() })
  if (action === 'import') await registry.import({ path })
  else if (action === 'remove') await registry.remove('small', [])
  else await register(registry)
  console.log('done')
} catch (error) {
  if (!(error instanceof Hal0Error)) throw error
  console.log(error.code)
}
