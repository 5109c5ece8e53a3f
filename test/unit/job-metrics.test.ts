import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { JobMetrics } from '../../src/metrics/job-metrics.ts';

it('an end is counted once, however often it is told', async () => {
  const registry = new Registry();
  const metrics = new JobMetrics(registry);
  metrics.ended(COMPLETED_EXAMPLE);
  metrics.ended(COMPLETED_EXAMPLE);
  metrics.ended({ ...COMPLETED_EXAMPLE, id: 'another' });
  const { values } = (await registry.getSingleMetric('fleetwall_jobs_total')?.get()) ?? { values: [] };
  expect(values.map(({ value }) => value)).toEqual([2]);
});

it('the ids of old ends are forgotten, so that many ends do not take more and more memory', async () => {
  const registry = new Registry();
  const metrics = new JobMetrics(registry);
  for (let count = 0; count < 3_000; count += 1) metrics.ended({ ...COMPLETED_EXAMPLE, id: String(count) });
  // The first end is forgotten by now, and is counted again; the last one is not.
  metrics.ended({ ...COMPLETED_EXAMPLE, id: '0' });
  metrics.ended({ ...COMPLETED_EXAMPLE, id: '2999' });
  const { values } = (await registry.getSingleMetric('fleetwall_jobs_total')?.get()) ?? { values: [] };
  expect(values.map(({ value }) => value)).toEqual([3_001]);
});
