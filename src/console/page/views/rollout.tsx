import type { RolloutAnswer, RolloutRow, RolloutStep } from '../../api/rollouts.ts';
import { countEnded, hasTrouble, sayEnds } from '../fleet/say-ends.ts';
import { FailureCard } from '../parts/failure-group.tsx';
import { GateCard } from '../parts/gate.tsx';
import { HostNames } from '../parts/host-names.tsx';
import { Badge, Link, LongText, Text, Time, Wait } from '../parts/text.tsx';
import { hrefOf, type Query } from '../state/address.ts';
import { useAnswer } from '../state/hooks.ts';
import { withTime } from '../state/navigation.ts';
import { sayDuration } from '../text/times.ts';
import { plural, sayNumber, sayWord } from '../text/words.ts';

const BUDGETS = { failed: 'failed', rolledBack: 'rolled back', silent: 'silent' };
const ON_FAILURE = {
  stop: 'the rollout stops',
  rollback: 'the rollout stops and is taken back',
  continue: 'the rollout goes on',
};

/** One rollout: what is wrong with it stands before how far it has come. */
export function RolloutView({ id, query }: { id: string; query: Query }) {
  const { at } = query;
  const address = hrefOf(`/api/rollouts/${encodeURIComponent(id)}`, { at });
  const { value, problem } = useAnswer<RolloutAnswer>(
    address,
    at === undefined ? ({ rollouts }) => rollouts.some(({ rolloutId }) => rolloutId === id) : undefined,
  );
  return (
    <>
      <h1>
        Rollout <Text of={id} />
      </h1>
      {value === null ? <Wait problem={problem} /> : <Told answer={value} />}
    </>
  );
}

function Told({ answer }: { answer: RolloutAnswer }) {
  const { rollout, steps, gates, failures, notTakenBack, hostsByEnd } = answer;
  return (
    <>
      {notTakenBack.length > 0 && (
        <section aria-labelledby="not-back">
          <h2 id="not-back">Hosts that were not taken back</h2>
          {notTakenBack.map((group, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- they have no name
            <FailureCard key={index} group={group} isLoud />
          ))}
        </section>
      )}
      <Facts rollout={rollout} answer={answer} />
      {failures.length > 0 && (
        <section aria-labelledby="failures">
          <h2 id="failures">Failures</h2>
          {failures.map((group, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- they have no name
            <FailureCard key={index} group={group} />
          ))}
        </section>
      )}
      <section aria-labelledby="steps">
        <h2 id="steps">Steps</h2>
        <ol className="steps">
          {steps.map((step, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- a step is its place
            <Step key={index} step={step} />
          ))}
        </ol>
      </section>
      <Budgets answer={answer} />
      {gates.length > 0 && (
        <section aria-labelledby="gates">
          <h2 id="gates">Gates</h2>
          <div className="cards">
            {gates.map((gate) => (
              <GateCard key={gate.name} gate={gate} />
            ))}
          </div>
        </section>
      )}
      <section aria-labelledby="ends">
        <h2 id="ends">Hosts by how they ended</h2>
        {Object.entries(hostsByEnd)
          .filter(([, hosts]) => hosts.length > 0)
          .map(([end, hosts]) => (
            <section key={end} aria-label={sayWord(end)}>
              <h3>
                <Badge word={end} /> {plural(hosts.length, 'host')}
              </h3>
              <HostNames hosts={hosts} />
            </section>
          ))}
      </section>
    </>
  );
}

function Facts({ rollout, answer }: { rollout: RolloutRow; answer: RolloutAnswer }) {
  const { ruleset, status, reason, startedAt, endedAt, by, rolloutId, hosts, ends } = rollout;
  return (
    <>
      <p className="lead">
        <Badge word={status} /> <Text of={`${ruleset.name} revision ${ruleset.revision}`} /> to{' '}
        {plural(hosts, 'host')}: {sayEnds(ends)}
      </p>
      {reason !== null && (
        <p>
          Why it ended: <LongText of={reason} />
        </p>
      )}
      <dl className="facts">
        <dt>Started</dt>
        <dd>
          <Time at={startedAt} /> UTC
        </dd>
        <dt>Ended</dt>
        <dd>{endedAt === null ? 'not yet' : <Ended at={endedAt} />}</dd>
        <dt>Run by</dt>
        <dd>{by === null ? 'nobody yet' : <Text of={by} />}</dd>
        <dt>After each step</dt>
        <dd>a pause of {sayDuration(answer.soakSeconds)}</dd>
        {answer.overrideFreeze !== null && (
          <>
            <dt>In spite of a freeze</dt>
            <dd>
              <LongText of={answer.overrideFreeze} />
            </dd>
          </>
        )}
        <dt>Events</dt>
        <dd>
          <Link to={withTime('/events', { rollout: rolloutId })}>Events of this rollout</Link>
        </dd>
      </dl>
    </>
  );
}

function Ended({ at }: { at: string }) {
  return (
    <>
      <Time at={at} /> UTC
    </>
  );
}

function Step({ step: { hosts, status, ends } }: { step: RolloutStep }) {
  const ended = countEnded(ends);
  return (
    <li>
      <div className="step">
        {hasTrouble(ends) ? <Badge word={status} tone="doubtful" /> : <Badge word={status} />}
        <progress
          value={ended}
          max={Math.max(1, hosts)}
          aria-label={`${ended} of ${plural(hosts, 'host')} ended`}
        />
        <span className="number">
          {sayNumber(ended)} of {sayNumber(hosts)}
        </span>
        <span>{sayEnds(ends)}</span>
      </div>
    </li>
  );
}

function Budgets({ answer: { budgets, onFailure } }: { answer: RolloutAnswer }) {
  return (
    <section aria-labelledby="budgets">
      <h2 id="budgets">Budgets</h2>
      <p>With one more than that, {ON_FAILURE[onFailure]}.</p>
      <table className="small">
        <thead>
          <tr>
            <th scope="col">hosts that</th>
            <th scope="col" className="number">
              used
            </th>
            <th scope="col" className="number">
              of
            </th>
            <th scope="col">so</th>
          </tr>
        </thead>
        <tbody>
          {budgets.map(({ name, used, of }) => (
            <tr key={name}>
              <th scope="row">{BUDGETS[name]}</th>
              <td className="number">{sayNumber(used)}</td>
              <td className="number">{sayNumber(of)}</td>
              <td>
                <BudgetState used={used} of={of} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function BudgetState({ used, of }: { used: number; of: number }) {
  if (used > of) return <Badge word="exceeded" tone="bad" />;
  return used === of && used > 0 ? (
    <Badge word="used up" tone="doubtful" />
  ) : (
    <Badge word="within it" tone="good" />
  );
}
