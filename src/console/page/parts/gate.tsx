import type { Gate, GateLookRow } from '../../api/rollouts.ts';
import { sayTime } from '../text/times.ts';
import { plural } from '../text/words.ts';
import { Plot } from './plot.tsx';
import { Badge, LongText, Text, Time } from './text.tsx';

/** A gate of a rollout: how it stands, its values as a picture, and all of its looks as a table. */
export function GateCard({ gate }: { gate: Gate }) {
  const { name, wanted, verdict, failuresInRow, failures, looks } = gate;
  const values = looks.flatMap(({ value }) => (value === null ? [] : [value]));
  const last = looks.at(-1);
  return (
    <article className="card">
      <h3>
        <Text of={name} />{' '}
        {verdict === null ? <Badge word="not_started" says="not looked at yet" /> : <Badge word={verdict} />}
      </h3>
      <p>
        Wanted: <Text of={wanted} />. {failuresInRow} of {failures} failing looks in a row.
      </p>
      {last !== undefined && (
        <p>
          Last: <LongText of={last.reason} />
        </p>
      )}
      {values.length > 0 && <Plot looks={looks} says={sayLooks(name, looks, values)} />}
      {looks.length > 0 && (
        <details>
          <summary>All values ({plural(looks.length, 'look')})</summary>
          <div className="scroll" role="region" aria-label={`Values of ${name}`} tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">at (UTC)</th>
                  <th scope="col">verdict</th>
                  <th scope="col" className="number">
                    value
                  </th>
                  <th scope="col">why</th>
                </tr>
              </thead>
              <tbody>
                {looks.toReversed().map((look) => (
                  <tr key={look.at}>
                    <td>
                      <Time at={look.at} />
                    </td>
                    <td>
                      <Badge word={look.verdict} />
                    </td>
                    <td className="number">{look.value ?? '-'}</td>
                    <td>
                      <LongText of={look.reason} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </article>
  );
}

function sayLooks(name: string, looks: readonly GateLookRow[], values: readonly number[]): string {
  const bad = looks.filter(({ verdict }) => verdict !== 'pass').length;
  const [first] = looks;
  const last = looks.at(-1);
  const times = first && last ? `, from ${sayTime(first.at)} to ${sayTime(last.at)} UTC` : '';
  return `Values of ${name}${times}: last ${values.at(-1)}, lowest ${Math.min(...values)}, highest ${Math.max(...values)}; ${plural(looks.length, 'look')}, ${bad} did not pass`;
}
