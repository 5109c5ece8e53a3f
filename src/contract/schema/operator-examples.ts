import type { HostForgotten } from '../events/host-forgotten.ts';
import type { LogMarked } from '../events/log-marker.ts';
import type { RolloutEvent } from '../rollouts/rollout-events.ts';
import { SIGNED_JOB_EXAMPLE } from './signed-examples.ts';

const ROLLOUT = '2026-11-22-edge';

function rolloutEvent(number: number) {
  return {
    specversion: '1.0',
    id: `1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f2${number}`,
    source: `/fleetwall/rollouts/${ROLLOUT}`,
    subject: ROLLOUT,
    time: `2026-11-22T10:0${number}:00.000Z`,
    datacontenttype: 'application/json',
  } as const;
}

/** What an operator says of a rollout to one host. */
export const ROLLOUT_EXAMPLES = {
  started: {
    ...rolloutEvent(0),
    type: 'fleetwall.rollout.started',
    data: {
      rolloutId: ROLLOUT,
      ruleset: { name: 'edge', revision: 1 },
      hosts: ['web-1'],
      steps: [1],
      soakSeconds: 60,
      budgets: { failed: 0, rolledBack: 0, silent: 0 },
      onFailure: 'stop',
      deliverySeconds: 60,
      executionSeconds: 120,
      jobs: [
        {
          jobId: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01',
          contentType: 'application/jose',
          body: btoa(SIGNED_JOB_EXAMPLE.compact),
          hosts: ['web-1'],
        },
      ],
      expiresAt: '2026-11-22T11:00:00.000Z',
      takeBack: null,
    },
  },
  'a step begins': {
    ...rolloutEvent(1),
    type: 'fleetwall.rollout.step',
    data: { rolloutId: ROLLOUT, step: 0, hosts: ['web-1'] },
  },
  ended: {
    ...rolloutEvent(2),
    type: 'fleetwall.rollout.ended',
    data: {
      rolloutId: ROLLOUT,
      status: 'completed',
      reason: null,
      hosts: { 'web-1': 'applied' },
    },
  },
} satisfies Record<string, RolloutEvent>;

export const FORGOTTEN_EXAMPLE: HostForgotten = {
  specversion: '1.0',
  id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f30',
  source: '/fleetwall/operators',
  type: 'fleetwall.host.forgotten',
  subject: 'web-9',
  time: '2026-11-22T10:00:00.000Z',
  datacontenttype: 'application/json',
  data: { hostId: 'web-9' },
};

export const MARKER_EXAMPLE: LogMarked = {
  specversion: '1.0',
  id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f31',
  source: '/fleetwall/operators',
  type: 'fleetwall.log.marker',
  subject: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f32',
  time: '2026-11-22T10:00:00.000Z',
  datacontenttype: 'application/json',
  data: { markerId: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f32' },
};
