import { expect, it } from 'vitest';
import { Interrupted } from '../../src/cli/options/fleet-options.ts';
import { SentJobs } from '../../src/cli/show/sent-jobs.ts';
import type { FleetEvent } from '../../src/contract/events/event.ts';

const expiresAt = '2026-11-22T11:00:00Z';

function ended(jobId: string, hostId: string): FleetEvent {
  return { type: 'fleetwall.job.completed', data: { jobId, hostId } } as FleetEvent;
}

function waits(jobId: string, hostId: string, mode: 'probe' | 'manual'): FleetEvent {
  return { type: 'fleetwall.job.awaiting_confirmation', data: { jobId, hostId, mode } } as FleetEvent;
}

it('whoever is interrupted is told what was sent, and where it has not ended', () => {
  const sent = new SentJobs();
  expect(sent.describe()).toBe('no job was sent');
  sent.onSending({ jobId: 'one', expiresAt, hosts: ['web-1', 'web-2'] });
  expect(sent.describe()).toBe(
    'job one is sent, and web-1, web-2 have not ended it; to take it back where it has not begun: fleetwall cancel one',
  );
  sent.take(ended('one', 'web-1'));
  expect(sent.open).toEqual([{ jobId: 'one', hosts: ['web-2'] }]);
  // One of a list may be sent again to a host on which another was faster.
  sent.onSending({ jobId: 'two', expiresAt, hosts: ['web-1'] });
  sent.take(ended('two', 'web-1'));
  expect(sent.open).toEqual([{ jobId: 'one', hosts: ['web-2'] }]);
  sent.take(ended('one', 'web-2'));
  expect(sent.describe()).toBe('all hosts have ended job two');
});

it('whoever is interrupted is told which hosts wait to be confirmed, and how to answer', () => {
  const sent = new SentJobs();
  sent.onSending({ jobId: 'one', expiresAt, hosts: ['web-1', 'web-2'] });
  sent.take(waits('one', 'web-1', 'probe'));
  expect(sent.describe()).not.toContain('confirm');
  sent.take(waits('one', 'web-1', 'manual'));
  expect(sent.describe()).toContain(
    '; web-1 waits to be confirmed: fleetwall confirm one, or abort one; to take it back where it has not begun:',
  );
  sent.take(ended('one', 'web-1'));
  expect(sent.describe()).not.toContain('confirm');
});

it('of each host, the job that it was sent last is the one that it has not answered', () => {
  const sent = new SentJobs();
  expect(sent.lastOf(['web-1'])).toEqual([]);
  sent.onSending({ jobId: 'one', expiresAt, hosts: ['web-1', 'web-2', 'web-3', 'web-4'] });
  sent.onSending({ jobId: 'two', expiresAt, hosts: ['web-2', 'web-3'] });
  sent.onSending({ jobId: 'three', expiresAt, hosts: ['web-3'] });
  expect(sent.lastOf(['web-4', 'web-3', 'web-2', 'web-1', 'web-9'])).toEqual([
    { jobId: 'one', expiresAt, hosts: ['web-4', 'web-1'] },
    { jobId: 'three', expiresAt, hosts: ['web-3'] },
    { jobId: 'two', expiresAt, hosts: ['web-2'] },
  ]);
});

it('what has sent nothing does not say that it has', () => {
  expect(new Interrupted('SIGINT').message).toBe('interrupted');
});
