import type { HeldList, HeldRuleset } from '../../api/hosts.ts';
import { type Highest, marksOf } from '../fleet/host-words.ts';
import { withTime } from '../state/navigation.ts';
import { sayNumber } from '../text/words.ts';
import { Badge, Link, Text } from './text.tsx';

/** The rulesets of a host, with in words what the marks in the fleet's table say. */
export function LiveRulesets({ rulesets, highest }: { rulesets: readonly HeldRuleset[]; highest: Highest }) {
  if (rulesets.length === 0) return <p>No ruleset is committed here.</p>;
  return (
    <table className="small">
      <thead>
        <tr>
          <th scope="col">ruleset</th>
          <th scope="col" className="number">
            revision
          </th>
          <th scope="col">how it is</th>
        </tr>
      </thead>
      <tbody>
        {rulesets.map((ruleset) => (
          <tr key={ruleset.name}>
            <th scope="row">
              <Link to={withTime('/fleet', { ruleset: ruleset.name })}>
                <Text of={ruleset.name} />
              </Link>
            </th>
            <td className="number">{ruleset.revision}</td>
            <td>
              {ruleset.inSync === null && 'not compared yet'}
              {marksOf(ruleset, highest).map(({ mark, says }) => (
                <span key={mark}>
                  <Badge word={says} tone={toneOfMark(mark)} />{' '}
                </span>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function LiveLists({ lists }: { lists: readonly HeldList[] }) {
  if (lists.length === 0) return <p>No list is held here.</p>;
  return (
    <table className="small">
      <thead>
        <tr>
          <th scope="col">list</th>
          <th scope="col" className="number">
            revision
          </th>
          <th scope="col" className="number">
            entries
          </th>
          <th scope="col">how it is</th>
        </tr>
      </thead>
      <tbody>
        {lists.map(({ name, revision, entries, inSync }) => (
          <tr key={name}>
            <th scope="row">
              <Link to={withTime('/fleet', { list: name })}>
                <Text of={name} />
              </Link>
            </th>
            <td className="number">{revision}</td>
            <td className="number">{sayNumber(entries)}</td>
            <td>
              {inSync === null ? 'no drift was heard of' : <Badge word={inSync ? 'in sync' : 'drifted'} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function toneOfMark(mark: string): 'good' | 'bad' | 'doubtful' {
  if (mark === '✓') return 'good';
  return mark === '!' ? 'bad' : 'doubtful';
}
