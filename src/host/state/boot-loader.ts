import { FAMILIES } from '../../contract/words/identifiers.ts';
import type { PerFamily } from '../../ruleset/tables.ts';
import { HOOK_ORDER } from '../../ruleset/wanted/hook-order.ts';
import { AFTER, UNTIL } from './boot-text.ts';

const HEAD = `#!/bin/sh
# Loads the last committed rules of this host into the network namespace that it is run in, without anything of
# fleetwall: \`sh /var/lib/fleetwall/boot/load\`, once, at boot. Rulesets that are live already would get their hooks twice.
cd "$(dirname "$0")" || exit 1
status=0
# A ruleset that ends begins with that time, and has what comes after it at its end.
rules() {
  read -r mark until <"$1"
  if [ "$mark" != "${UNTIL.trim()}" ]; then cat "$1"
  elif [ "$until" -gt "$(date +%s)" ]; then grep -v '^${AFTER}' "$1"
  else sed -n 's/^${AFTER}//p' "$1"
  fi
}
loaded=
load() {
  [ -s "$1" ] || return 0
  if rules "$1" | "$2" -w 10 $3; then loaded="$loaded $1"
  else echo "fleetwall: $1 was not loaded" >&2; status=1
  fi
}
# Hooks that were appended stand in the order in which they came, whatever their rulesets are called.
reorder() {
  hooks=$(for file in $loaded; do
    case $file in (*.chains."$1") rules "$file" | sed -n 's/^${HOOK_ORDER}//p' ;; esac
  done | sort -n)
  [ -n "$hooks" ] || return 0
  printf '%s\n' "$hooks" | while read -r order table append rule; do
    printf '*%s\n-D %s\n%s %s\nCOMMIT\n' "$table" "$rule" "$append" "$rule"
  done | "$2" -w 10 -n || { echo "fleetwall: hooks stand in another order than before" >&2; status=1; }
}
`;

/**
 * Lists come before the rules that match them. What a list has is committed with its "commit" lines; the ends of entries are times, and
 * ipset wants seconds: 0 is no end. It counts no further than 2147483, and then a deny entry stays, and an allow entry ends early.
 * A "commit" line that was cut short, as by a loss of power, commits nothing: with a dot behind the text, it is seen also where only the
 * end of the line is missing.
 */
const LISTS = `fill() {
  { cat "$1"; echo .; } | awk -v now="$(date +%s)" '
    $1 == "commit" && /"sha256":"[0-9a-f]+"[}]$/ {
      kind = $2
      for (i = 1; i <= n; i++) {
        $0 = line[i]
        if ($1 == "add" && $4 != "" && $4 / 1000 <= now) print "del", $2, $3
        else if ($1 == "add") {
          left = $4 == "" ? 0 : $4 / 1000 - now
          left = left > int(left) ? int(left) + 1 : left
          if (left > 2147483) left = kind == "allow" ? 2147483 : 0
          print "add", $2, $3, "timeout", left
        } else print
      }
      n = 0
      next
    }
    { line[++n] = $0 }' | "$2" restore -exist || { echo "fleetwall: $1 was not loaded" >&2; status=1; }
}
for file in ../lists/*.list; do [ ! -s "$file" ] || fill "$file" IPSET; done
`;

/**
 * A script that loads the boot files with nothing but a shell, iptables and ipset. Lists come first, then whole tables. Then come the
 * chains, the last name first: each ruleset inserts its hooks at the top, so that they end up in the order of names. Hooks that were
 * appended are put in their order at last.
 *
 * @param ipset `null`: there is none, and so there are no lists
 */
export function renderLoader(restore: PerFamily<string>, ipset: string | null): string {
  const loops = FAMILIES.flatMap((family) => [
    `for file in *.tables.${family}; do load "$file" ${restore[family]}; done`,
    `for name in $(ls | sed -n 's/\\.chains\\.${family}$//p' | LC_ALL=C sort -r); do load "$name.chains.${family}" ${restore[family]} -n; done`,
    `reorder ${family} ${restore[family]}`,
  ]);
  const lists = ipset === null ? '' : LISTS.replace('IPSET', ipset);
  return [`${HEAD}${lists}${loops.join('\n')}`, 'exit $status', ''].join('\n');
}
