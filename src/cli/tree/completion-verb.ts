import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { defineVerb } from '../command.ts'
import { usageError } from '../terminal/failure.ts'
import { print, printJson } from '../terminal/output.ts'

/**
 * Each asks the executable itself for every word: the script knows nothing of the commands, so that it never has to be made anew.
 * If that fails, the word may be the name of a file.
 */
const scripts = {
  bash: `# hal0 completion bash: source it, or save it as /etc/bash_completion.d/hal0
_hal0() {
  local words
  COMPREPLY=()
  words=$("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null) || { compopt -o default; return; }
  [[ -z $words ]] || mapfile -t COMPREPLY <<< "$words"
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _hal0 hal0`,
  zsh: `#compdef hal0
# hal0 completion zsh: source it, or save it as _hal0 in a folder of $fpath
_hal0() {
  local words_found
  words_found="$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2> /dev/null)" || { _files; return }
  local -a found=(\${(f)words_found})
  if [[ $#found -eq 1 && $found[1] == *= ]]; then compadd -S '' -- $found
  elif (( $#found )); then compadd -- $found; fi
}
if [[ $funcstack[1] == _hal0 ]]; then _hal0 "$@"; else compdef _hal0 hal0; fi`,
  fish: `# hal0 completion fish: source it, or save it as ~/.config/fish/completions/hal0.fish
function __hal0_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    $words[1] __complete $words[2..-1] "$token" 2> /dev/null
    or __fish_complete_path "$token"
end
complete -c hal0 -f -a '(__hal0_complete)'`,
}
const shells = Object.keys(scripts)

export default defineVerb({
  about: 'Print the completion of a shell: it completes commands, flags, and the names of slots and models.',
  more: `bash  source <(hal0 completion bash)
zsh   source <(hal0 completion zsh)
fish  hal0 completion fish | source`,
  examples: ['hal0 completion bash > ~/.local/share/bash-completion/completions/hal0'],
  args: { shell: { type: 'positional', required: true, description: shells.join(', '), completes: shells } },
  async run({ args: { shell, json } }) {
    const script = Object.hasOwn(scripts, shell) ? scripts[shell as keyof typeof scripts] : undefined
    if (script === undefined) {
      throw usageError(
        `There is a completion for ${shells.join(', ')}, not for '${shell}'.${didYouMean(shell, shells)}`,
      )
    }
    if (json) printJson({ shell, script })
    else print(script)
  },
})
