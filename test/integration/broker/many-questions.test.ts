import { setImmediate } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { connectOperator } from '../../../src/central/connect-operator.ts';
import { EVENT_LOG_STREAM } from '../../../src/contract/words/names.ts';
import { silentLog } from '../../../src/log/logger.ts';

it('whoever asks the broker for many things at a time is not told by Node of a leak', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error) => void warnings.push(`${name}: ${message}`);
  process.on('warning', onWarning);
  const { link } = await connectOperator({ url: inject('brokerUrl') }, silentLog());
  try {
    const asked = Array.from({ length: 30 }, async () => await link.countIn(EVENT_LOG_STREAM));
    for (const count of await Promise.all(asked)) expect(count).toBeGreaterThanOrEqual(0);
    await setImmediate();
    expect(warnings).toEqual([]);
  } finally {
    await link.close();
    process.off('warning', onWarning);
  }
});
