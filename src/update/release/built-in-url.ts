/** The address of releases that this executable was built with. */

/** build.ts replaces it with the folder of `--release-url`; undefined when run from source. */
declare const HAL0_RELEASE_URL: string | undefined

/** Address of the newest release's manifest; null: this build has none. */
export const builtInUrl = (): string | null => {
  const folder = typeof HAL0_RELEASE_URL === 'undefined' ? '' : HAL0_RELEASE_URL
  return folder === '' ? null : `${folder}/manifest.json`
}
