import { FAMILIES } from '../../contract/identifiers.ts';
import type { PerFamily } from '../../ruleset/tables.ts';

const HEAD = `#!/bin/sh
# Loads the last committed rules of this host into the network namespace that it is run in, without anything of
# fleetwall: \`sh /var/lib/fleetwall/boot/load\`, once, at boot. Rulesets that are live already would get their hooks twice.
cd "$(dirname "$0")" || exit 1
status=0
load() { [ ! -s "$1" ] || "$2" -w 10 $3 <"$1" || { echo "fleetwall: $1 was not loaded" >&2; status=1; }; }
`;

/**
 * A script that loads the boot files with nothing but a shell and iptables. Whole tables come first. Then come the chains, the
 * last name first: each ruleset inserts its hooks at the top, so that they end up in the order of names.
 */
export function renderLoader(restore: PerFamily<string>): string {
  const loops = FAMILIES.flatMap((family) => [
    `for file in *.tables.${family}; do load "$file" ${restore[family]}; done`,
    `for file in $(ls -r | grep '\\.chains\\.${family}$'); do load "$file" ${restore[family]} -n; done`,
  ]);
  return [`${HEAD}${loops.join('\n')}`, 'exit $status', ''].join('\n');
}
