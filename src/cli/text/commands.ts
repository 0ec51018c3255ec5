/** The commands of hal0 in sentences. Pure. */

/** First words of commands; `hal0 is …` is a sentence. */
export const verbs =
  'chat|completion|config|doctor|engine|help|key|logs|ls|model|open|probe|ps|pull|pulls|rm|run|serve|setup|slot|status|stop|uninstall|update|version|why'

/** What a person types for `hal0`. */
export interface Typed {
  hal0: string
  /** In front of the verbs that install. */
  installer: string
}

/**
 * Not the name of a file, nor a quoted command line of a process. Usage lines and names of groups are spelled as in the help.
 */
const command = new RegExp(String.raw`(?<![\w./"-]|Usage: |a command of )hal0 (?=(${verbs}|--\w+)\b)`, 'g')

/** A path as a shell reads it. */
const shellPath = (path: string): string => (/^[\w./@%+,:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

/** Every text speaks of `hal0 VERB`; this is the same text with what has to be typed here. */
export const asTyped = (text: string, typed: () => Typed): string =>
  text.replaceAll(command, (_, verb: string) => {
    const { hal0, installer } = typed()
    return `${shellPath(verb === 'setup' || verb === 'uninstall' ? installer : hal0)} `
  })
