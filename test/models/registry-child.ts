/** Imports or removes one model in a process of its own, so that a test can break it. Prints "done", or the error's code. */
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { ModelRegistry } from '../../src/models/registry.ts'

const [models = '', path = '', action] = process.argv.slice(2)
try {
  const registry = await ModelRegistry.open(models)
  if (action === 'import') await registry.import({ path })
  else await registry.remove('small', [])
  console.log('done')
} catch (error) {
  if (!(error instanceof Hal0Error)) throw error
  console.log(error.code)
}
