import { defineVerb } from '../command.ts'
import { usageError } from '../terminal/failure.ts'
import { print, printJson } from '../terminal/output.ts'
import { didYouMean } from './did-you-mean.ts'

/** Each asks the executable itself for every word: the script knows nothing of the commands, so that it never has to be made anew. */
const scripts = {
  bash: `# hal0 completion bash: source it, or save it as /etc/bash_completion.d/hal0
_hal0() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _hal0 hal0`,
  zsh: `#compdef hal0
# hal0 completion zsh: source it, or save it as _hal0 in a folder of $fpath
_hal0() {
  local -a found
  found=(\${(f)"$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2> /dev/null)"})
  if (( $#found == 0 )); then _files
  elif [[ $#found -eq 1 && $found[1] == *= ]]; then compadd -S '' -- $found
  else compadd -- $found; fi
}
if [[ $funcstack[1] == _hal0 ]]; then _hal0 "$@"; else compdef _hal0 hal0; fi`,
  fish: `# hal0 completion fish: source it, or save it as ~/.config/fish/completions/hal0.fish
function __hal0_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] "$token" 2> /dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$token"
    end
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
