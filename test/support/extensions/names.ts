/** Names as somebody might type them, in the quotes that iptables-restore needs. */
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

/** Names of objects that exist in the namespace, as they are given to the tools that make the objects. */
export const OBJECT_NAMES: ReadonlyMap<string, string> = new Map([
  ['plain', 'plain'],
  ['"two words"', 'two words'],
  ['"qu\\"ote"', 'qu"ote'],
  ['"back\\\\slash"', 'back\\slash'],
  ['"-jDROP"', '-jDROP'],
  ['"#c"', '#c'],
  ['\xe9t\xe9', '\xe9t\xe9'],
]);
