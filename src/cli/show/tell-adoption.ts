import type { Failure } from '../../contract/events/failure.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';

/** How a worker says that a chain is a stranger's, which may be taken over; what is another ruleset's may not. */
const ADOPTABLE = 'name it in adopt to take it over';
/** A name that YAML takes for itself, without quotes. */
const PLAIN = /^[A-Za-z][\w-]*$/;

/** What to write in the file, where the chains that are in the way may be taken over. */
export function tellAdoption({ code, lines }: Failure, { path, ruleset, form }: RulesetFile): string[] {
  if (code !== 'chain_conflict') return [];
  const strange = lines.flatMap(({ chain, reason }) =>
    chain !== null && reason.includes(ADOPTABLE) ? [chain] : [],
  );
  if (strange.length === 0) return [];
  const names = [...new Set([...ruleset.adopt, ...strange])];
  const field = `adopt: [${names.map((name) => (PLAIN.test(name) ? name : JSON.stringify(name))).join(', ')}]`;
  const where =
    form === 'mapping'
      ? `write ${field} in the file`
      : `make the file a ruleset in YAML, with ${field}, and these rules under "${form}: |"`;
  const what = [...new Set(strange)].join(', ');
  return [escapeControl(`${path}: to take over ${what}, in place of the rules that are there, ${where}`)];
}
