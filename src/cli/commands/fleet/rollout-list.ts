import { isFleetEvent } from '../../../central/log/event-reader.ts';
import { plural } from '../../../central/messages/plural.ts';
import { countEnds } from '../../../central/rollout/told-ends.ts';
import { type FleetFlags, withClient } from '../../options/fleet-options.ts';
import { tellCounts } from '../../show/show-answers.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paintEnd } from '../../terminal/paint.ts';
import { print, printAside, printJson } from '../../terminal/print.ts';
import { layTable } from '../../terminal/table.ts';

interface Listed {
  rolloutId: string;
  startedAt: string;
  ruleset: string;
  revision: number;
  hosts: number;
  /** How it ended; where it has not, `running`, or `left` if no process runs it. */
  status: string;
  reason: string | null;
  ends: Record<string, number>;
}

/** Each rollout with how it ended, or that it has not. */
export async function listRollouts(flags: FleetFlags & { since: number }): Promise<ExitStatus> {
  const found = new Map<string, Listed>();
  await withClient(flags, async (client, signal) => {
    const since = new Date(Date.now() - flags.since * 1000);
    for await (const event of client.past({ since, signal })) {
      if (isFleetEvent(event)) continue;
      if (event.type === 'fleetwall.rollout.started') {
        const { rolloutId, ruleset, hosts } = event.data;
        const { name, revision } = ruleset;
        const begun = { rolloutId, startedAt: event.time, ruleset: name, revision, hosts: hosts.length };
        found.set(rolloutId, { ...begun, status: 'left', reason: null, ends: {} });
      }
      const listed = found.get(event.data.rolloutId);
      if (event.type !== 'fleetwall.rollout.ended' || listed === undefined) continue;
      const { status, reason, hosts } = event.data;
      Object.assign(listed, { status, reason, ends: countEnds(Object.values(hosts)) });
    }
    for (const listed of found.values()) {
      if (listed.status === 'left' && (await client.isRolloutRun(listed.rolloutId)))
        listed.status = 'running';
    }
  });
  if (flags.json === true) for (const listed of found.values()) printJson(listed);
  else if (found.size === 0) printAside('no rollout in that time; look further back with --since\n');
  else print(`${layTable([...found.values()].map(rowOf), { columns: process.stdout.columns }).join('\n')}\n`);
  return 0;
}

function rowOf({ rolloutId, startedAt, ruleset, revision, hosts, status, reason, ends }: Listed): string[] {
  const isOpen = status === 'running' || status === 'left';
  const how = isOpen ? `fleetwall rollout status ${rolloutId}` : (reason ?? tellCounts(ends));
  return [startedAt, rolloutId, `${ruleset}@${revision}`, plural(hosts, 'host'), paintEnd(status), how];
}
