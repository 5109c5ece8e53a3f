import * as z from 'zod';
import { Digest, ENDING_FIELDS, Revision, RulesetName, Scope } from '../words/identifiers.ts';
import { Escaped } from './diff.ts';
import { ReportedList } from './list-state.ts';

/** A ruleset as it is live on a host. */
export const ReportedRuleset = z.object({
  name: RulesetName,
  revision: Revision,
  digest: Digest,
  scope: Scope,
  inSync: z.boolean().describe('Whether what is live is what was committed.'),
  ...ENDING_FIELDS,
  ipv4: z.string().nullable().describe('What is live of it for IPv4, in the form of iptables-save.'),
  ipv6: z.string().nullable().describe('What is live of it for IPv6, in the same form.'),
  truncated: z.boolean().optional().describe('Whether the texts are left out.'),
  escaped: Escaped,
});
/** As it is read. */
export type ReportedRuleset = z.infer<typeof ReportedRuleset>;

/** What is live, for a job that has asked for it. */
export const Report = z.object({
  rulesets: z.array(ReportedRuleset).describe('Each ruleset that was asked for.'),
  lists: z.array(ReportedList).optional().describe('The list that was asked for, in place of rulesets.'),
  escaped: Escaped,
});
