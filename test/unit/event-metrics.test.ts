import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { FleetEvent } from '../../src/contract/events/event.ts';
import { COMPLETED_EXAMPLE, ENDED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { EventMetrics } from '../../src/metrics/event-metrics.ts';

function metricsOf(registry: Registry) {
  return async (name: string) => (await registry.getSingleMetric(name)?.get())?.values ?? [];
}

/** A list that waits to be confirmed. */
function awaitingOf(jobId: string): FleetEvent {
  const { hostId, worker } = COMPLETED_EXAMPLE.data;
  const { specversion, datacontenttype, id, source, time } = COMPLETED_EXAMPLE;
  const list = { name: 'blocked', revision: 2 };
  const diff = { added: 1, removed: 0, unchanged: 0, tables: [] };
  const data = {
    hostId,
    jobId,
    worker,
    rolloutId: null,
    ruleset: null,
    list,
    diff,
    mode: 'manual',
    deadline: time,
  };
  const type = 'fleetwall.job.awaiting_confirmation';
  return {
    specversion,
    datacontenttype,
    id,
    source,
    time,
    subject: jobId,
    type,
    data,
  } as unknown as FleetEvent;
}

it('rulesets whose time has come are counted, and by code those that could not go back', async () => {
  const registry = new Registry();
  const read = metricsOf(registry);
  const metrics = new EventMetrics(registry);
  const failure = COMPLETED_EXAMPLE.data.failure;
  metrics.take({ ...ENDED_EXAMPLE, data: { ...ENDED_EXAMPLE.data, ok: true, failure: null } });
  metrics.take({ ...ENDED_EXAMPLE, data: { ...ENDED_EXAMPLE.data, ok: true, failure: null } });
  metrics.take({ ...ENDED_EXAMPLE, data: { ...ENDED_EXAMPLE.data, ok: false, failure } });
  expect(await read('fleetwall_rulesets_ended_total')).toEqual([
    { labels: { code: '' }, value: 2 },
    { labels: { code: failure?.code }, value: 1 },
  ]);
});

it('a window is open for as long as any change waits, a ruleset or a list', async () => {
  const registry = new Registry();
  const read = metricsOf(registry);
  const metrics = new EventMetrics(registry);
  const isOpen = async () => (await read('fleetwall_confirmation_window_open'))[0]?.value;
  for (const jobId of ['one', 'other']) metrics.take(awaitingOf(jobId));
  metrics.take({ ...COMPLETED_EXAMPLE, subject: 'one' });
  expect(await isOpen()).toBe(1);
  metrics.take({ ...COMPLETED_EXAMPLE, subject: 'other' });
  expect(await isOpen()).toBe(0);
});
