import { FAMILIES } from '../../contract/words/identifiers.ts';
import { setName } from '../../list/set-lines.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { LiveSets } from '../ports/list-session.ts';
import type { Ports } from '../ports/ports.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/**
 * A list can be removed only while nothing matches it: not what is live, nor what a ruleset could go back to.
 *
 * @throws {JobFailure} `list_in_use`, naming who does
 */
export async function assertUnused(
  name: string,
  sets: LiveSets,
  ports: Pick<Ports, 'rulesets' | 'boot' | 'contents' | 'journal'>,
): Promise<void> {
  const users = [...(await usersOf(name, ports)), ...(await pendingUser(name, ports))];
  if (users.length === 0) {
    const headers = await sets.headers();
    const others = FAMILIES.some((family) => (headers.get(setName(name, family))?.references ?? 0) > 0);
    if (others) users.push('rules that are no ruleset');
  }
  if (users.length === 0) return;
  throw new JobFailure(
    'host',
    'list_in_use',
    `list ${name} is matched by ${users.join(', ')}: it is not removed`,
  );
}

async function usersOf(
  name: string,
  { rulesets, boot, contents }: Pick<Ports, 'rulesets' | 'boot' | 'contents'>,
): Promise<string[]> {
  const users: string[] = [];
  for (const record of await rulesets.list()) {
    const live = record.live === null ? null : await boot.read(record);
    if (live !== null && FAMILIES.some((family) => names(live[family], name))) {
      users.push(`ruleset ${record.name}`);
      continue;
    }
    if (await anyNames(name, record, contents)) users.push(`what ruleset ${record.name} can go back to`);
  }
  return users;
}

/** The ruleset that is being changed, as while it waits to be confirmed: what it is to have is on no record yet. */
async function pendingUser(
  name: string,
  { journal, contents }: Pick<Ports, 'journal' | 'contents'>,
): Promise<string[]> {
  const change = await journal.peek();
  if (change === null || change.ruleset.digest === null) return [];
  const content = await contents.read(change.ruleset.digest).catch(() => null);
  if (content === null || !(names(content.ipv4 ?? '', name) || names(content.ipv6 ?? '', name))) return [];
  const waits = change.window === null ? 'is being changed' : 'waits to be confirmed';
  return [`ruleset ${change.ruleset.name}, which ${waits}`];
}

async function anyNames(
  name: string,
  { earlier, end }: RulesetRecord,
  contents: Ports['contents'],
): Promise<boolean> {
  for (const digest of end?.back == null ? earlier : [...earlier, end.back.digest]) {
    const { ipv4 = '', ipv6 = '' } = await contents.read(digest);
    if (names(ipv4, name) || names(ipv6, name)) return true;
  }
  return false;
}

/** Also where it is only named, such as in a comment: to keep a list does no harm. */
function names(text: string, list: string): boolean {
  return FAMILIES.some((family) => {
    const set = setName(list, family).replaceAll('.', '\\.');
    return new RegExp(`(?<![\\w.-])${set}(?![\\w.-])`).test(text);
  });
}
