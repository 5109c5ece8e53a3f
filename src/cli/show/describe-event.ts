import { isFleetEvent } from '../../central/log/event-reader.ts';
import { plural } from '../../central/messages/plural.ts';
import { describeOwner } from '../../central/rollout/describe-owner.ts';
import type { Diff, FleetEvent } from '../../contract/events/event.ts';
import type { GateLook } from '../../contract/rollouts/gates.ts';
import type { RolloutEvent } from '../../contract/rollouts/rollout-events.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { paint, paintEnd } from '../terminal/paint.ts';
import { layRow } from '../terminal/table.ts';
import { describeCounts } from './describe-counts.ts';
import { nameHosts } from './show-answers.ts';
import { tellMessage, tellPlace } from './show-failure.ts';

const TIME_WIDTH = 8;
const HOST_WIDTH = 12;
const MOST_RULES = 6;

/** An event in one line, for a person. */
export function describeEvent(event: FleetEvent | RolloutEvent): string {
  const [day, clock] = [event.time.slice(0, 10), event.time.slice(11, 19)];
  const isOfToday = day === new Date().toISOString().slice(0, 10);
  const time = paint.dim(isOfToday ? clock : `${day} ${clock}`);
  const who = 'hostId' in event.data ? event.data.hostId : `rollout ${event.data.rolloutId}`;
  const what = isFleetEvent(event) ? whatHappened(event) : describeRollout(event);
  return layRow([time, paint.bold(who), what], [TIME_WIDTH, HOST_WIDTH]);
}

function whatHappened(event: FleetEvent): string {
  switch (event.type) {
    case 'fleetwall.job.started':
      return `${event.data.action} ${subjectOf(event.data)} started`;
    case 'fleetwall.job.awaiting_confirmation':
      return `${subjectOf(event.data)} applied; waits until ${event.data.deadline} to be confirmed (${event.data.mode})`;
    case 'fleetwall.job.completed':
      return describeEnd(event.data);
    case 'fleetwall.job.undone': {
      const { ruleset, list, diff } = event.data;
      return `${nameOf(ruleset ?? list ?? null)} ${paint.green('was taken back')} after all: ${describeCounts(diff, true)}`;
    }
    case 'fleetwall.ruleset.ended':
      return describeEnded(event.data);
    case 'fleetwall.drift.detected':
    case 'fleetwall.drift.repaired':
      return describeDrift(event);
    case 'fleetwall.worker.online':
    case 'fleetwall.worker.offline':
    case 'fleetwall.worker.heartbeat':
      return paintEnd(event.type.slice('fleetwall.worker.'.length));
  }
}

function describeDrift({
  type,
  data: { ruleset, list, diff, by },
}: Extract<FleetEvent, { type: 'fleetwall.drift.detected' | 'fleetwall.drift.repaired' }>): string {
  const whatOf = list === undefined ? nameOf(ruleset ?? null) : `list ${nameOf(list)}`;
  const whose = by === null ? '' : `, by ${by.name} (${by.pid})`;
  const what = type === 'fleetwall.drift.detected' ? paint.red('has drifted') : paint.green('was put back');
  const told = escapeControl(`${whatOf} `) + what + escapeControl(`: ${describeCounts(diff, true)}${whose}`);
  return [told, ...rulesOf(diff)].join('\n');
}

function describeEnded({
  ruleset,
  liveRevision,
  diff,
  failure,
}: Extract<FleetEvent, { type: 'fleetwall.ruleset.ended' }>['data']): string {
  const name = nameOf(ruleset);
  if (failure !== null) {
    const why = `: ${escapeControl(tellMessage(failure))} (${failure.code})`;
    return `${name} ${paint.red('is over, and could not be ended yet')}${why}`;
  }
  const now = liveRevision === null ? 'it is removed' : `revision ${liveRevision} is live again`;
  return `${name} has ended: ${now}${diff === null ? '' : `: ${describeCounts(diff, true)}`}`;
}

function describeEnd({
  action,
  outcome,
  ruleset,
  list,
  counts,
  diff,
  failure,
}: Extract<FleetEvent, { type: 'fleetwall.job.completed' }>['data']): string {
  const of = ruleset ?? list ?? null;
  const name = of === null ? (action ?? 'job') : nameOf(of);
  const why = failure === null ? '' : `: ${escapeControl(tellMessage(failure))} (${failure.code})`;
  const line = failure?.lines[0];
  const where = line === undefined ? '' : `; ${tellPlace(line, null)}: ${escapeControl(line.reason)}`;
  const changed = diff === null ? inList(counts) : `: ${describeCounts(diff, outcome !== 'checked')}`;
  const how = action === 'rollback' && failure === null ? ' by a rollback' : '';
  return `${name} ${paintEnd(outcome)}${how}${failure === null ? changed : why + where}`;
}

/** The first rules of a difference, below the line of its event: for the others there is --json. */
function rulesOf({ tables }: Diff): string[] {
  const rules = tables.flatMap(({ added, removed }) => [
    ...removed.map((rule) => paint.red(`- ${escapeControl(rule)}`)),
    ...added.map((rule) => paint.green(`+ ${escapeControl(rule)}`)),
  ]);
  const more = rules.length > MOST_RULES ? [`… and ${rules.length - MOST_RULES} more: --json has them`] : [];
  return [...rules.slice(0, MOST_RULES), ...more].map((line) => `    ${line}`);
}

function inList(counts: { added: number; removed: number; entries: number } | undefined): string {
  if (counts === undefined) return '';
  return `: ${counts.added} in, ${counts.removed} out, ${plural(counts.entries, 'entry', 'entries')}`;
}

function describeRollout(event: RolloutEvent): string {
  switch (event.type) {
    case 'fleetwall.rollout.started': {
      const { ruleset, hosts, steps } = event.data;
      return `of ${nameOf(ruleset)} to ${plural(hosts.length, 'host')}, in steps to ${steps.join(', ')}`;
    }
    case 'fleetwall.rollout.taken':
      return `is run by ${describeOwner(event.data.by)}`;
    case 'fleetwall.rollout.step':
      return `step ${event.data.step + 1}: ${plural(event.data.hosts.length, 'host')}`;
    case 'fleetwall.rollout.unroutable':
      return `${plural(event.data.hosts.length, 'host')} without a queue`;
    case 'fleetwall.rollout.lost':
      return `${plural(event.data.hosts.length, 'host')} fell silent after the change: ${nameHosts(event.data.hosts)}`;
    case 'fleetwall.rollout.looked':
      return event.data.looks.map(describeLook).join('; ');
    case 'fleetwall.rollout.stopping':
      return `takes back what it did: ${escapeControl(event.data.reason)}`;
    case 'fleetwall.rollout.requested':
      return `${event.data.request} was asked for`;
    case 'fleetwall.rollout.ended': {
      const { status, reason } = event.data;
      return `${paintEnd(status)}${reason === null ? '' : `: ${escapeControl(reason)}`}`;
    }
  }
}

function subjectOf({ ruleset, list }: { ruleset: Named | null; list?: Named | undefined }): string {
  return nameOf(ruleset ?? list ?? null);
}

interface Named {
  name: string;
  revision: number;
}

/** `gate "error rate": pass, 2.5, below 5` */
export function describeLook({ name, verdict, reason }: GateLook): string {
  return `${escapeControl(`gate "${name}": `)}${paintEnd(verdict)}${escapeControl(`, ${reason}`)}`;
}

function nameOf(ruleset: Named | null): string {
  return ruleset === null ? 'of all rulesets' : `${ruleset.name} revision ${ruleset.revision}`;
}
