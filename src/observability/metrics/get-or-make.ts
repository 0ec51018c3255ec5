/** The value of a key; a missing one is made and kept. @param make not a closure of the caller, which would be an allocation */
export const getOrMake = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
