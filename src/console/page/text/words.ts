const NUMBERS = new Intl.NumberFormat('en');

/** `20,000` */
export function sayNumber(count: number): string {
  return NUMBERS.format(count);
}

/** `1 host`, `20,000 hosts` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${sayNumber(count)} ${count === 1 ? one : many}`;
}

/** `312 of 20,000 hosts`, or `20,000 hosts` where all of them are there. */
export function sayShown(shown: number, all: number): string {
  return shown === all ? plural(all, 'host') : `${sayNumber(shown)} of ${plural(all, 'host')}`;
}

/** `rolled_back` is `rolled back`. */
export function sayWord(word: string): string {
  return word.replaceAll('_', ' ');
}

/** `fleetwall.job.completed` is `job.completed`: the rest is the same for all. */
export function sayType(type: string): string {
  return type.startsWith('fleetwall.') ? type.slice('fleetwall.'.length) : type;
}
