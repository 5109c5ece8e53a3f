import { useEffect } from 'preact/hooks';
import { escapeControl } from '../../../contract/words/escape.ts';
import type { RolloutRow, RolloutsAnswer } from '../../api/rollouts.ts';
import { sayEnds } from '../fleet/say-ends.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Badge, RolloutLink, Text, Time, Wait } from '../parts/text.tsx';
import { hrefOf, type Query } from '../state/address.ts';
import { type Answer, useAnswer, useLive } from '../state/hooks.ts';
import { live } from '../state/live.ts';
import { compareKeys } from '../text/natural-key.ts';
import { plural } from '../text/words.ts';

const COLUMNS: readonly Column<RolloutRow>[] = [
  {
    id: 'rollout',
    head: 'Rollout',
    title: ({ rolloutId }) => rolloutId,
    cell: ({ rolloutId }) => <RolloutLink id={rolloutId} />,
  },
  { id: 'status', head: 'Status', cell: ({ status }) => <Badge word={status} /> },
  {
    id: 'ruleset',
    head: 'Ruleset',
    title: ({ ruleset }) => `${ruleset.name}@${ruleset.revision}`,
    cell: ({ ruleset }) => <Text of={`${ruleset.name}@${ruleset.revision}`} />,
  },
  { id: 'started', head: 'Started (UTC)', cell: ({ startedAt }) => <Time at={startedAt} /> },
  { id: 'steps', head: 'Steps', isNumber: true, cell: ({ begun, steps }) => `${begun} of ${steps}` },
  { id: 'hosts', head: 'Hosts', isNumber: true, cell: ({ hosts }) => hosts.toLocaleString('en') },
  {
    id: 'ends',
    head: 'How hosts ended',
    cell: ({ ends, reason }) => (
      <span title={escapeControl([sayEnds(ends), reason].filter(Boolean).join('; '))}>{sayEnds(ends)}</span>
    ),
  },
];

export function RolloutsView({ query }: { query: Query }) {
  const { value: rollouts, problem } = useRollouts(query['at']);
  return (
    <>
      <h1>Rollouts</h1>
      {rollouts === null ? (
        <Wait problem={problem} />
      ) : (
        <>
          <p className="found">
            <strong>{plural(rollouts.length, 'rollout')}</strong>
          </p>
          <Table
            name="rollouts"
            label="Rollouts, the newest first"
            rows={rollouts}
            keyOf={({ rolloutId }) => rolloutId}
            columns={COLUMNS}
          />
        </>
      )}
    </>
  );
}

function useRollouts(at: string | undefined): Answer<readonly RolloutRow[]> {
  const past = useAnswer<RolloutsAnswer>(at === undefined ? null : hrefOf('/api/rollouts', { at }));
  useLive(at !== undefined);
  useEffect(() => {
    if (at === undefined) live.want('rollouts');
  }, [at]);
  if (at !== undefined) return { value: past.value?.rollouts ?? null, problem: past.problem };
  if (!live.rollouts.hasSnapshot) return { value: null, problem: live.problem };
  const newestFirst = live.rollouts.all.toSorted((a, b) => compareKeys(b.startedAt, a.startedAt));
  return { value: newestFirst, problem: null };
}
