import type { FailedLine, FleetEvent, JobCompletedEvent } from '../../src/contract/event.ts';

type Completed = JobCompletedEvent['data'];

/** An event in a form for people. */
export function printEvent(event: FleetEvent): void {
  const { data, type } = event;
  if (type === 'fleetwall.job.completed') printEnd(event.data);
  else if (type === 'fleetwall.job.started')
    line(data.hostId, 'started', `${event.data.action} ${nameOf(event.data.ruleset)}`);
  else
    line(
      data.hostId,
      type.slice('fleetwall.worker.'.length),
      `iptables ${data.worker.iptables} (${data.worker.backend})`,
    );
}

function printEnd(data: Completed): void {
  const { hostId, outcome, ruleset, diff, failure, rollback, timings } = data;
  line(
    hostId,
    outcome,
    [
      nameOf(ruleset),
      diff === null ? '' : `${diff.added} rules in, ${diff.removed} out`,
      `${timings.totalMs} ms`,
    ]
      .filter(Boolean)
      .join(', '),
  );
  if (failure !== null) {
    note(`${failure.message} (${failure.code}, while the worker was to ${failure.stage})`);
    for (const failed of failure.lines) printLine(failed);
    note(describeRollback(rollback, ruleset));
  }
  const { totalMs: _total, queueMs: _queue, ...stages } = timings;
  note(
    `time: ${Object.entries(stages)
      .filter(([, ms]) => ms > 0)
      .map(([stage, ms]) => `${stage.replace('Ms', '')} ${ms} ms`)
      .join(', ')}`,
  );
}

function printLine(failed: FailedLine): void {
  note(`${failed.family}, line ${failed.line} (${failed.confidence}): ${failed.reason}`);
  const lines = [...failed.context, { line: failed.line, text: failed.text }].toSorted(
    (a, b) => a.line - b.line,
  );
  for (const { line: number, text } of lines) {
    note(`${number === failed.line ? '  >' : '   '} ${String(number).padStart(3)} | ${text}`);
  }
}

function describeRollback(
  { performed, verified }: Completed['rollback'],
  ruleset: Completed['ruleset'],
): string {
  const live =
    ruleset?.liveRevision == null ? 'nothing of it is live' : `revision ${ruleset.liveRevision} is live`;
  if (!performed) return `nothing had been changed: ${live}`;
  return verified === true
    ? `what was changed was put back, and compared: ${live}`
    : 'the host could not be put back as it was';
}

function nameOf(ruleset: { name: string; revision: number } | null): string {
  return ruleset === null ? '' : `${ruleset.name} revision ${ruleset.revision}`;
}

function line(host: string, what: string, more: string): void {
  console.log(`    ${host.padEnd(7)} ${what.padEnd(10)} ${more}`);
}

function note(text: string): void {
  console.log(`            ${text}`);
}
