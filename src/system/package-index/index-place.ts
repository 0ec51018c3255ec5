/** Which package index this machine uses, and which certificates it trusts: found as pip finds it, then as uv does. */
import { readFile } from 'node:fs/promises'
import { unescape as unescapeUrl } from 'node:querystring'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf } from '../files/storage-error.ts'
import type { IndexCodes } from './index-codes.ts'
import { type Env, type PipConfig, pipSetting, readPipConfig, type Stated } from './pip-config.ts'

export interface IndexPlace {
  /** Ends with a slash, and has no credentials. */
  root: URL
  /** The Authorization header for requests to the index itself; null: none. */
  authorization: string | null
  /** PEM certificates to trust instead of the built-in ones; null: the built-in ones. */
  ca: string | null
}

const defaultIndex = 'https://pypi.org/simple/'
const indexVariables = ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL']
const caVariables = ['PIP_CERT', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE']

const inEnvironment = (env: Env, names: readonly string[]): Stated | null => {
  const name = names.find((one) => (env[one] ?? '') !== '')
  return name === undefined ? null : { value: env[name] ?? '', from: name }
}

const rootOf = (stated: Stated | null, codes: IndexCodes): URL => {
  // uv writes `name=URL` for a named index.
  const text = (stated?.value ?? defaultIndex).replace(/^[A-Za-z0-9_-]+=(?=https?:)/, '')
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new Hal0Error(
      codes.setting,
      `The package index that ${stated?.from} names is not an http or https URL. Correct it and restart hal0.`,
    )
  }
  const root = new URL(text)
  if (!root.pathname.endsWith('/')) root.pathname += '/'
  return root
}

/**
 * The certificate authorities that pip and OpenSSL are told to trust here (Bun itself reads NODE_EXTRA_CA_CERTS only).
 * @throws Hal0Error when the named file cannot be read
 */
const trustedCertificates = async (env: Env, config: PipConfig, codes: IndexCodes): Promise<string | null> => {
  const stated = inEnvironment(env, caVariables) ?? pipSetting(config, 'cert')
  if (stated === null) return null
  const { value: path, from } = stated
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Hal0Error(
      codes.setting,
      `${from} names ${path}, which cannot be read (${errnoOf(error) ?? 'unknown error'}). Correct it and restart hal0.`,
      { cause: error },
    )
  }
}

/** @throws Hal0Error with the code `setting` when a variable or a file names something that cannot be used */
export const findIndexPlace = async (env: Env, codes: IndexCodes): Promise<IndexPlace> => {
  const config = await readPipConfig(env)
  const root = rootOf(inEnvironment(env, indexVariables) ?? pipSetting(config, 'index-url'), codes)
  const { username, password } = root
  // What is no valid escape is meant as it stands: a password may have a bare %.
  const account = `${unescapeUrl(username)}:${unescapeUrl(password)}`
  root.username = ''
  root.password = ''
  return {
    root,
    authorization: username === '' ? null : `Basic ${Buffer.from(account).toString('base64')}`,
    ca: await trustedCertificates(env, config, codes),
  }
}
