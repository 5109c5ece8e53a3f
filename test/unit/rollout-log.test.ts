import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { OutgoingMessage } from '../../src/broker/publish/publish-channel.ts';
import type { IncomingMessage } from '../../src/broker/stream-source.ts';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import { recordOf } from '../support/imagined-rollout.ts';

const LONG_MS = 3_000;

it('a rollout begins though the connection is lost before the first message of the log has come', async () => {
  const budgets = { failed: 0, rolledBack: 0, silent: 0 };
  const plan = { fates: [], steps: [], budgets, onFailure: 'stop' as const, soakSeconds: 0, lives: [] };
  const record = await recordOf(plan, ['host-0']);
  const reading: { hear?: (message: IncomingMessage) => void; reopen?: () => void } = {};
  let isLost = true;
  // Who reads from the next message on, hears nothing of what came while there was no connection.
  const link = {
    read: async (_: unknown, hear: typeof reading.hear, reopen: typeof reading.reopen) => {
      Object.assign(reading, { hear, reopen });
      return async () => {};
    },
    publish: async ({ exchange, key, body }: OutgoingMessage) => {
      const contentType = 'application/cloudevents+json';
      if (!isLost) reading.hear?.({ exchange, key, body, contentType, user: undefined, offset: 1 });
      else setTimeout(() => reading.reopen?.(), 1);
      isLost = false;
      return 'routed' as const;
    },
  };
  const beginning = RolloutLog.begin(link as never, new EventReader(undefined), record).then(() => 'begun');
  expect(await Promise.race([beginning, sleep(LONG_MS, 'waits for ever')])).toBe('begun');
});
