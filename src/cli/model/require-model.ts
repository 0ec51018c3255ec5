import { isUnderWay } from '../../contract/models/pull-phase.ts'
import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { call } from '../api/client.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

/**
 * Checks before a slot gets a model that there is such a model: in the registry, in the catalog (from which a load brings it), or
 * being pulled.
 * @throws Failure not found, which names near ones; what `call` throws
 */
export const requireModel = async (id: string): Promise<void> => {
  const here = (await call('listModels', {})).map((model) => model.id)
  if (here.includes(id)) return
  const [offers, pulls] = await Promise.all([call('listCatalog', {}), call('listPulls', {})])
  const coming = [...offers, ...pulls.filter(isUnderWay)].map((one) => one.id)
  if (coming.includes(id)) return
  const sentence = `There is no model ${id}, neither here nor in the catalog. Nothing was changed.`
  throw new Failure(exitCode.notFound, `${sentence}${didYouMean(id, [...here, ...coming])}`, {
    hint: 'hal0 model list\nhal0 model search WORDS',
  })
}
