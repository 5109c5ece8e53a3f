import type { Shell } from './shells.ts';

/**
 * What a shell has to be told. All that is known of commands is asked of the program itself, which gets the words up to the cursor; nothing
 * that is typed is evaluated. It answers with a candidate a line, a tab and a description; with `:files` or `:folders`, those of the place
 * where one stands are meant, too.
 */
export const SCRIPTS: Record<Shell, string> = {
  bash: String.raw`# Completion of fleetwall for bash: source <(fleetwall completion bash)
_fleetwall() {
  local line=${'$'}{COMP_LINE:0:COMP_POINT} value words=()
  read -ra words <<<"$line"
  [[ $line != *[[:space:]] ]] || words+=('')
  COMPREPLY=()
  while IFS=$'\t' read -r value _; do
    case $value in
      :files) compopt -o default ;;
      :folders) compopt -o dirnames ;;
      *) COMPREPLY+=("$value") ;;
    esac
  done < <("$1" complete bash -- "${'$'}{words[@]:1}" 2>/dev/null)
} 2>/dev/null
complete -F _fleetwall fleetwall
`,
  zsh: String.raw`#compdef fleetwall
# Completion of fleetwall for zsh: source <(fleetwall completion zsh), behind compinit; or as _fleetwall in a folder of $fpath
_fleetwall() {
  local value text wanted=
  local -a described
  while IFS=$'\t' read -r value text; do
    case $value in
      (:files) wanted=files ;;
      (:folders) wanted=folders ;;
      (*) described+=("${'$'}{value//:/\\:}:$text") ;;
    esac
  done < <("${'$'}{(Q)words[1]}" complete zsh -- "${'$'}{(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( ! $#described )) || _describe fleetwall described
  [[ -n $wanted ]] || return
  compset -P '--*='
  if [[ $wanted = files ]]; then _files; else _files -/; fi
}
if [[ $funcstack[1] = _fleetwall ]]; then _fleetwall "$@"; else compdef _fleetwall fleetwall; fi
`,
  fish: String.raw`# Completion of fleetwall for fish: fleetwall completion fish | source
function __fleetwall_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l option (string match -r -- '^--[^=]*=' "$current")
  set -l path (string replace -r -- '^--[^=]*=' '' "$current")
  for line in ($words[1] complete fish -- $words[2..-1] "$current" 2>/dev/null)
    switch $line
      case ':files*'
        string replace -r '^' -- "$option" (__fish_complete_path "$path")
      case ':folders*'
        string replace -r '^' -- "$option" (__fish_complete_directories "$path")
      case '*'
        echo $line
    end
  end
end
complete -c fleetwall -f -a '(__fleetwall_complete)'
`,
};
