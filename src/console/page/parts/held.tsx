import type { HeldList, HeldRuleset } from '../../api/hosts.ts';
import { type Highest, marksOf, syncMark } from '../fleet/host-words.ts';
import { sayNumber } from '../text/words.ts';
import { Text, Unseen } from './text.tsx';

/** `edge@7~!<9`: the marks as `fleetwall status` has them, and for those who hear them, in words. */
export function HeldRulesets({ rulesets, highest }: { rulesets: readonly HeldRuleset[]; highest: Highest }) {
  if (rulesets.length === 0) return <>-</>;
  return (
    <>
      {rulesets.map((ruleset) => (
        <Held
          key={ruleset.name}
          label={`${ruleset.name}@${ruleset.revision}`}
          marks={marksOf(ruleset, highest)}
        />
      ))}
    </>
  );
}

/** `blocked@8 (80,000)`: the revision, and how many entries it has. */
export function HeldLists({ lists }: { lists: readonly HeldList[] }) {
  if (lists.length === 0) return <>-</>;
  return (
    <>
      {lists.map(({ name, revision, entries, inSync }) => (
        <Held key={name} label={`${name}@${revision} (${sayNumber(entries)})`} marks={syncMark(inSync)} />
      ))}
    </>
  );
}

function Held({ label, marks }: { label: string; marks: readonly { mark: string; says: string }[] }) {
  const isBad = marks.some(({ mark }) => mark === '!');
  const isDoubtful = marks.some(({ mark }) => mark.startsWith('<'));
  const tone = isBad ? 'bad' : isDoubtful ? 'doubtful' : '';
  return (
    <span className={`held ${tone}`} title={marks.map(({ says }) => says).join(', ')}>
      <Text of={label} />
      {marks.length > 0 && (
        <>
          <span aria-hidden="true">{marks.map(({ mark }) => mark).join('')}</span>
          <Unseen> {marks.map(({ says }) => says).join(', ')}; </Unseen>
        </>
      )}{' '}
    </span>
  );
}
