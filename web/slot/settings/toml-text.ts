/** A slot's settings as its TOML file has them. Pure. */

export interface TomlLine {
  text: string
  /** Key of the setting; null: a heading or an empty line. */
  key: string | null
}

const bareKey = /^[A-Za-z0-9_-]+$/

const keyText = (key: string): string => (bareKey.test(key) ? key : JSON.stringify(key))

/** JSON's strings are TOML's, except that DEL has to be escaped. */
const stringText = (value: string): string => JSON.stringify(value).replaceAll('\u007f', '\\u007f')

const valueText = (value: unknown): string => {
  if (typeof value === 'string') return stringText(value)
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([key, inner]) => `${keyText(key)} = ${valueText(inner)}`)
    return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
  }
  return String(value)
}

/**
 * @param sectionOf name of the provider's table that a key belongs to; undefined: it stands at the top
 */
export const tomlLines = (
  values: Record<string, unknown>,
  sectionOf: (key: string) => string | undefined,
): TomlLine[] => {
  const set = Object.entries(values).filter(([key, value]) => value !== null && value !== undefined && key !== 'name')
  const line = ([key, value]: [string, unknown]): TomlLine => ({ text: `${keyText(key)} = ${valueText(value)}`, key })
  const bySection = Map.groupBy(set, ([key]) => sectionOf(key))
  const top = (bySection.get(undefined) ?? []).map(line)
  const tables = [...bySection].flatMap(([section, entries]) =>
    section === undefined
      ? []
      : [{ text: '', key: null }, { text: `[${keyText(section)}]`, key: null }, ...entries.map(line)],
  )
  return [...top, ...tables]
}
