/** What a name may be that somebody types, in the quotes that iptables-restore needs for it. */
export const NAMES: readonly string[] = [
  'plain',
  '"two words"',
  '" space in front"',
  '"and behind "',
  '"qu\\"ote"',
  '"\\"both\\""',
  '"back\\\\slash"',
  '"ends in\\\\"',
  'back\\slash',
  "it's",
  '"tab\there"',
  '"cr\rhere"',
  '\xe9\xff',
  '"-jDROP"',
  '-jDROP',
  '"x -j DROP"',
  '--',
  '-h',
  '!',
  '#x',
  'a,b',
  'a:b',
  'a/b',
  '""',
  '"[0:0]"',
];

/** Names of objects that stand in the namespace, as the tools that make them are given them. */
export const OBJECT_NAMES: ReadonlyMap<string, string> = new Map([
  ['plain', 'plain'],
  ['"two words"', 'two words'],
  ['"qu\\"ote"', 'qu"ote'],
  ['"back\\\\slash"', 'back\\slash'],
  ['"-jDROP"', '-jDROP'],
  ['"#c"', '#c'],
  ['\xe9t\xe9', '\xe9t\xe9'],
]);
