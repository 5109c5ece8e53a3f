import type { Family } from '../../contract/words/identifiers.ts';
import type { HostPicture } from '../../job/ports/packets.ts';

const STANDARD_RULES: Readonly<Record<string, string>> = {
  0: 'from all lookup local',
  32766: 'from all lookup main',
  32767: 'from all lookup default',
};

export function ruleLines({ rules }: HostPicture, family: Family): string[] {
  const ip = family === 'ipv4' ? '-4' : '-6';
  const found = rules[family].flatMap((line) => {
    const [, pref, rule = ''] = /^(\d+):\s+(.*?)\s*$/.exec(line) ?? [];
    return pref === undefined ? [] : [{ pref, rule: rule.replace(/ \[detached\]/g, '') }];
  });
  if (found.length === 0) return [];
  const isThere = (pref: string, rule: string) => found.some((one) => one.pref === pref && one.rule === rule);
  const gone = Object.entries(STANDARD_RULES).filter(
    ([pref, rule]) => !(family === 'ipv6' && pref === '32767') && !isThere(pref, rule),
  );
  return [
    ...found
      .filter(({ pref, rule }) => STANDARD_RULES[pref] !== rule)
      .map(({ pref, rule }) => `${ip} rule add pref ${pref} ${rule}`),
    ...gone.map(([pref]) => `${ip} rule del pref ${pref}`),
  ];
}

/** Routes that an address or the link brings with it are there already: what cannot be added twice is passed over. */
export function routeLines({ routes }: HostPicture, family: Family): string[] {
  const ip = family === 'ipv4' ? '-4' : '-6';
  const lines = routes[family].filter((line) => !/\bproto kernel\b/.test(line));
  // A gateway has to have a route of its own first; `ip` lists the default route before all.
  return [
    ...lines.filter((line) => !/\bvia\b/.test(line)),
    ...lines.filter((line) => /\bvia\b/.test(line)),
  ].map((line) => {
    const text = line
      .replaceAll('\\', ' ')
      // The object that it is of, and a word by which only the kernel marks a value, are no part of what `ip` takes.
      .replace(/ nhid \d+(?=.* (?:via|dev) )/, '')
      .replace(/\brto_min lock /, 'rto_min ')
      .replace(/ (?:linkdown|dead|offload|trap|rt_offload|rt_trap)\b/g, '')
      .replace(/ expires \d+sec/g, '')
      .replace(/ error -?\d+/g, '');
    return `${ip} route append ${text.trim()}`;
  });
}
