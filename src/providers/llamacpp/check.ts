import { isAbsolute } from 'node:path'
import { modelIdPattern } from '../../contract/slot.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { checkEngineSetting } from '../engines/check-setting.ts'
import type { WholeConfig } from '../provider.ts'
import { adviceFor, flagOf } from './owned-flags.ts'
import { sectionOf } from './section.ts'

const modelId = new RegExp(modelIdPattern)

const refuse = (param: string, message: string): never => {
  throw new Hal0Error('request.invalid', message, { param })
}

/** llama.cpp refuses these types for V without flash attention. */
const isQuantised = (type: string | null) => type !== null && !['f32', 'f16', 'bf16'].includes(type)

/**
 * Checks what no schema can express about a llama.cpp slot's configuration.
 * @throws Hal0Error `request.invalid` whose `param` is the setting at fault
 */
export const checkConfig = (config: WholeConfig): void => {
  const { extra_args, mmproj, cache_type_v, flash_attention } = sectionOf(config)
  for (const argument of extra_args) {
    if (argument.includes('\0')) refuse('extra_args', 'extra_args holds a NUL byte, which no command line can carry.')
    const advice = adviceFor(argument)
    if (advice !== null) refuse('extra_args', `extra_args may not set ${flagOf(argument)}: ${advice}.`)
  }
  if (mmproj !== null && (mmproj.includes('\0') || !(isAbsolute(mmproj) || modelId.test(mmproj)))) {
    refuse('mmproj', 'mmproj must be the id of a model in the registry or the absolute path of a file.')
  }
  checkEngineSetting(config.engine)
  if (isQuantised(cache_type_v) && flash_attention === 'off') {
    refuse('cache_type_v', `cache_type_v = "${cache_type_v}" needs flash attention: set flash_attention to auto or on.`)
  }
}
