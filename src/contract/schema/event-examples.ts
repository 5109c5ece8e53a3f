import type { JobCompletedEvent, JobUndoneEvent, RulesetEndedEvent } from '../events/event.ts';

const NOT_APPLIED = {
  name: 'edge',
  revision: 7,
  digest: `sha256:${'5e'.repeat(32)}`,
  liveRevision: 6,
  liveDigest: `sha256:${'c4'.repeat(32)}`,
};

/** The event that comes minutes or days after a job has ended as `undo_failed`. */
export const UNDONE_EXAMPLE: JobUndoneEvent = {
  specversion: '1.0',
  id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01/undone',
  source: '/fleetwall/hosts/web-1',
  type: 'fleetwall.job.undone',
  subject: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01',
  time: '2026-11-22T10:09:30.000Z',
  datacontenttype: 'application/json',
  data: {
    jobId: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01',
    hostId: 'web-1',
    rolloutId: '2026-11-22-edge',
    ruleset: NOT_APPLIED,
    diff: {
      added: 0,
      removed: 1,
      unchanged: 41,
      tables: [
        {
          family: 'ipv4',
          table: 'filter',
          added: [],
          removed: ['-A edge-in -p tcp -m tcp --dport 443 -j ACCEPT'],
          truncated: false,
        },
      ],
    },
    verified: true,
    worker: { version: '1.0.0', backend: 'nft', iptables: '1.8.9', kernel: '6.18.44', bootId: 'e3b0c442' },
  },
};

/** A content was pushed with an end, and that has come. */
export const ENDED_EXAMPLE: RulesetEndedEvent = {
  specversion: '1.0',
  id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01/ended',
  source: '/fleetwall/hosts/web-1',
  type: 'fleetwall.ruleset.ended',
  time: '2026-11-22T18:00:00.052Z',
  datacontenttype: 'application/json',
  data: {
    hostId: 'web-1',
    ruleset: { name: 'edge', revision: 7 },
    until: '2026-11-22T18:00:00Z',
    liveRevision: 6,
    liveDigest: `sha256:${'c4'.repeat(32)}`,
    diff: UNDONE_EXAMPLE.data.diff,
    ok: true,
    failure: null,
    worker: { version: '1.0.0', backend: 'nft', iptables: '1.8.9', kernel: '6.18.44', bootId: 'e3b0c442' },
  },
};

/** The end of a job that failed. Such an event has the most for clients to read. */
export const COMPLETED_EXAMPLE: JobCompletedEvent = {
  specversion: '1.0',
  id: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01/completed',
  source: '/fleetwall/hosts/web-1',
  type: 'fleetwall.job.completed',
  subject: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01',
  time: '2026-11-22T10:00:01.040Z',
  datacontenttype: 'application/json',
  data: {
    jobId: '1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f01',
    hostId: 'web-1',
    action: 'apply',
    rolloutId: '2026-11-22-edge',
    authenticated: true,
    outcome: 'failed',
    changed: false,
    ruleset: NOT_APPLIED,
    diff: null,
    failure: {
      code: 'rule_rejected',
      stage: 'rehearse',
      retryable: false,
      message: '1 rule of ruleset edge revision 7 was rejected',
      lines: [
        {
          family: 'ipv4',
          line: 4,
          table: 'filter',
          chain: 'edge-in',
          text: '-A edge-in -p tcp --dport 443 -j NOPE',
          reason: "Chain 'NOPE' does not exist",
          reportedLine: 5,
          confidence: 'verified',
          context: [
            { line: 3, text: '-A INPUT -j edge-in' },
            { line: 5, text: 'COMMIT' },
          ],
        },
      ],
      command: 'iptables-nft-restore',
      exitCode: 2,
      stderr: "iptables-restore v1.8.9 (nf_tables): Chain 'NOPE' does not exist",
    },
    rollback: { performed: false, reason: null, verified: null },
    report: null,
    attempt: 1,
    redelivered: false,
    timings: {
      queueMs: 3,
      lockMs: 1,
      snapshotMs: 12,
      rehearseMs: 20,
      planMs: 1,
      applyMs: 0,
      verifyMs: 0,
      confirmMs: 0,
      totalMs: 40,
    },
    worker: { version: '1.0.0', backend: 'nft', iptables: '1.8.9', kernel: '6.18.44', bootId: 'e3b0c442' },
  },
};
