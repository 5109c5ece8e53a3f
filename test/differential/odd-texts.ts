import { Random } from '../support/random.ts';
import { BLANKS, CHAINS, COMMENTS, OPTIONS, SPECIAL, TARGETS, VALUES } from './vocabulary.ts';

/** Texts of one line that are rules, almost rules, or no rules at all; none contains a NUL or a line break. */
export function oddTexts(seed: number, count: number): string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => oddText(random));
}

function oddText(random: Random): string {
  const kind = random.below(100);
  if (kind < 45) return ruleText(random);
  if (kind < 75) return damage(random, ruleText(random));
  if (kind < 98) return noise(random);
  return longText(random);
}

function ruleText(random: Random): string {
  const parts = [random.pick(['-A', '-A', '-A', '--append', '-I', '-D', '-N']), random.pick(CHAINS)];
  for (let options = random.below(5); options > 0; options -= 1) parts.push(option(random));
  if (random.chance(80)) parts.push(jump(random));
  const text = parts.join(random.chance(85) ? ' ' : random.pick(BLANKS));
  if (random.chance(90)) return text;
  return random.pick(['[0:0] ', '[12:345]', ' ', '\t', '[1:', '[:]', '[]', '[ 1 : 2 ] ']) + text;
}

function option(random: Random): string {
  if (random.chance(20)) return `-m comment --comment${random.pick([' ', ' ', '='])}${random.pick(COMMENTS)}`;
  const negated = random.chance(15) ? '! ' : '';
  const name = random.pick(OPTIONS);
  // A shortened name may be unique, ambiguous, or no name at all.
  const written = random.chance(15) ? name.slice(0, 2 + random.below(name.length - 1)) : name;
  return `${negated}${quoteMaybe(random, written)}${glue(random)}${quoteMaybe(random, random.pick(VALUES))}`;
}

function jump(random: Random): string {
  return `${random.pick(['-j', '-j', '--jump', '-g', '--ju', '"-j"', '"x"-j'])}${glue(random)}${random.pick(TARGETS)}`;
}

function glue(random: Random): string {
  if (random.chance(80)) return ' ';
  return random.pick(['', '=', '"', ...BLANKS]);
}

function quoteMaybe(random: Random, word: string): string {
  return random.chance(8) ? `"${word}"` : word;
}

/** Removes, inserts or replaces bytes. */
function damage(random: Random, text: string): string {
  let damaged = text;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = random.below(damaged.length + 1);
    const put = random.chance(25) ? '' : anyCharacter(random);
    damaged = damaged.slice(0, at) + put + damaged.slice(at + random.below(2));
  }
  return damaged;
}

function noise(random: Random): string {
  let text = '';
  for (let length = random.below(40); length > 0; length -= 1) text += anyCharacter(random);
  return text;
}

function anyCharacter(random: Random): string {
  const kind = random.below(100);
  if (kind < 60) return random.pick(SPECIAL);
  if (kind < 85) return String.fromCharCode(0x61 + random.below(26));
  const byte = 1 + random.below(255);
  return byte === 0x0a ? ' ' : String.fromCharCode(byte);
}

/** A text with a word about as long as allowed (1,023 bytes), or with about as many words as a rule may have. */
function longText(random: Random): string {
  if (random.chance(50)) {
    const word = 'x'.repeat(1015 + random.below(16));
    return `-A a -m comment --comment ${random.pick([word, `"${word}"`, `"${word}`, `\\"${word}`])} -j DROP`;
  }
  return Array.from({ length: 240 + random.below(20) }, () => random.pick(['-m', 'a', '!', '""'])).join(' ');
}
