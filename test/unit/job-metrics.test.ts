import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { COMPLETED_EXAMPLE } from '../../src/contract/examples.ts';
import { JobMetrics } from '../../src/metrics/job-metrics.ts';

it('an end that is told again is not counted again, and one that another process reached is', async () => {
  const registry = new Registry();
  const metrics = new JobMetrics(registry);
  metrics.ended(COMPLETED_EXAMPLE);
  metrics.ended(COMPLETED_EXAMPLE);
  metrics.ended({ ...COMPLETED_EXAMPLE, id: 'another' });
  const { values } = (await registry.getSingleMetric('fleetwall_jobs_total')?.get()) ?? { values: [] };
  expect(values.map(({ value }) => value)).toEqual([2]);
});

it('many ends take no more and more memory', async () => {
  const registry = new Registry();
  const metrics = new JobMetrics(registry);
  for (let count = 0; count < 3_000; count += 1) metrics.ended({ ...COMPLETED_EXAMPLE, id: String(count) });
  // The first is long forgotten, and so is counted as another; the last is not.
  metrics.ended({ ...COMPLETED_EXAMPLE, id: '0' });
  metrics.ended({ ...COMPLETED_EXAMPLE, id: '2999' });
  const { values } = (await registry.getSingleMetric('fleetwall_jobs_total')?.get()) ?? { values: [] };
  expect(values.map(({ value }) => value)).toEqual([3_001]);
});
