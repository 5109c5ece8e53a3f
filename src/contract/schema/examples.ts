import type * as z from 'zod';
import type { ControlMessage } from '../jobs/control.ts';
import type { Job } from '../jobs/job.ts';

/** One message of each kind, as a client may write them. Sent to a host `web-1` in this order, they all succeed. */

const HEAD = {
  apiVersion: 'fleetwall/v1',
  issuedAt: '2026-11-22T10:00:00Z',
  target: { hosts: ['web-1'] },
} as const;

const EDGE =
  '*filter\n:edge-in - [0:0]\n-A INPUT -j edge-in\n-A edge-in -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n';
const EDGE_CLOSED = EDGE.replace('-j ACCEPT', '-s 192.0.2.0/24 -j ACCEPT');
/** The id of the job that waits to be confirmed. */
const MANUAL = '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f02';

export const JOB_EXAMPLES: Record<string, z.input<typeof Job>> = {
  check: {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f00',
    action: 'check',
    ruleset: { name: 'edge', revision: 1, ipv4: EDGE },
  },
  apply: {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01',
    action: 'apply',
    rolloutId: '2026-11-22-edge',
    ruleset: { name: 'edge', revision: 1, ifRevision: 0, scope: 'chains', ipv4: EDGE, ipv6: EDGE },
    confirm: { mode: 'probe', timeoutSeconds: 30 },
  },
  'apply, to be confirmed': {
    ...HEAD,
    id: MANUAL,
    action: 'apply',
    ruleset: { name: 'edge', revision: 2, ipv4: EDGE_CLOSED },
    confirm: { mode: 'manual', timeoutSeconds: 60 },
  },
  'apply, for some time': {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f0a',
    action: 'apply',
    ruleset: { name: 'edge', revision: 3, ipv4: EDGE, until: '2099-11-22T18:00:00Z' },
  },
  rollback: {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f03',
    action: 'rollback',
    ruleset: { name: 'edge', revision: 4 },
  },
  report: {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f04',
    action: 'report',
    ruleset: { name: 'edge' },
  },
  remove: {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f05',
    action: 'remove',
    ruleset: { name: 'edge', revision: 5 },
  },
  'list.replace': {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f06',
    action: 'list.replace',
    list: { name: 'blocked', revision: 1, kind: 'deny', entries: ['198.51.100.0/24', '2001:db8:7::/48'] },
  },
  'list.change': {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f07',
    action: 'list.change',
    list: {
      name: 'blocked',
      revision: 2,
      add: [{ entry: '203.0.113.9', until: '2099-11-25T18:00:00Z' }, '203.0.113.10'],
      remove: ['198.51.100.0/24'],
    },
  },
  'report of a list': {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f08',
    action: 'report',
    list: { name: 'blocked' },
  },
  'list.remove': {
    ...HEAD,
    id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f09',
    action: 'list.remove',
    list: { name: 'blocked', revision: 3 },
  },
};

export const CONTROL_EXAMPLES: Record<string, z.input<typeof ControlMessage>> = {
  confirm: { ...HEAD, id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f10', kind: 'confirm', jobId: MANUAL },
  abort: { ...HEAD, id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f11', kind: 'abort', jobId: MANUAL },
  cancel: { ...HEAD, id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f13', kind: 'cancel', jobId: MANUAL },
  ping: { ...HEAD, id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f12', kind: 'ping' },
};
