import { z } from 'zod';
import { API_VERSION, GroupName, HostId, JobId, listOf, Timestamp } from './identifiers.ts';

export const MAX_CONFIRM_SECONDS = 1200;

export const Target = z.object({
  hosts: listOf(HostId).optional(),
  groups: listOf(GroupName).optional(),
  all: z.boolean().optional(),
});
export type Target = z.infer<typeof Target>;

const Confirm = z.object({
  mode: z.enum(['probe', 'manual', 'none']).default('probe'),
  timeoutSeconds: z.int().min(1).max(MAX_CONFIRM_SECONDS).default(30),
});

/** For a change that is wanted at once: it asks for a confirmation only where its sender does. */
export const UnconfirmedByDefault = Confirm.extend({ mode: Confirm.shape.mode.unwrap().default('none') });

/** What every job has. */
export const Envelope = z.object({
  apiVersion: z.literal(API_VERSION),
  id: JobId,
  issuedAt: Timestamp,
  expiresAt: Timestamp.optional(),
  target: Target,
  rolloutId: z.string().max(256).optional(),
  confirm: Confirm.prefault({}),
});
