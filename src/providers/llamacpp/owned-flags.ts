/** The flags of llama-server that hal0 decides: they keep a backend private, on its port, and on the slot's model. */

const bound = 'backends listen on 127.0.0.1 only; clients come through hal0'
const port = "set the slot's port"
const model = "set the slot's model; `hal0 model pull` brings one"
const keys = "hal0 checks its clients' keys itself (`hal0 key create`)"
const paths = 'hal0 needs the API where llama-server has it by default'
const tls = 'hal0 speaks plain HTTP to its backends on 127.0.0.1'
const mode = "set the slot's mode"
const router = 'a slot runs exactly one model'
const mmproj = "set the slot's mmproj"

const advice: Record<string, string> = {
  '--host': bound,
  '--reuse-port': port,
  '--port': port,
  '-m': model,
  '--model': model,
  '-mu': model,
  '--model-url': model,
  '-dr': model,
  '--docker-repo': model,
  '-a': "set the slot's aliases",
  '--alias': "set the slot's aliases",
  '--api-key': keys,
  '--api-key-file': keys,
  '--api-prefix': paths,
  '--path': paths,
  '--ssl-key-file': tls,
  '--ssl-cert-file': tls,
  '--embedding': mode,
  '--embeddings': mode,
  '--rerank': mode,
  '--reranking': mode,
  '--models-dir': router,
  '--models-preset': router,
  '--models-max': router,
  '-mm': mmproj,
  '--mmproj': mmproj,
  '-mmu': mmproj,
  '--mmproj-url': mmproj,
}

/** Hub downloads (-hf, -hfr, --hf-repo, --hf-file, --hf-token, drafts and vocoders too) and presets that bring their own model. */
const modelPatterns = [/^-hf/, /^--hf-/, /^--spec-draft-hf$/, /^--(embd|fim|gpt-oss|vision|tts)-.+-(default|spec)$/]

/** The flag in an argument: without `=value`, and with `_` read as `-`, as llama.cpp does in long flags. */
export const flagOf = (argument: string): string => {
  const flag = argument.split('=', 1)[0] ?? ''
  return flag.startsWith('--') ? flag.replaceAll('_', '-') : flag
}

/** What to do instead of passing this argument; null when hal0 leaves it to the user. */
export const adviceFor = (argument: string): string | null => {
  const flag = flagOf(argument)
  if (modelPatterns.some((pattern) => pattern.test(flag))) return model
  return Object.hasOwn(advice, flag) ? (advice[flag] ?? null) : null
}
