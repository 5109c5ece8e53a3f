import * as z from 'zod';
import { Family } from '../words/identifiers.ts';

/** The packet that shows what a rule changes. */
const WitnessPacket = z.object({
  direction: z
    .enum(['in', 'out', 'forward'])
    .describe('Whether it is for the host, from it, or goes through.'),
  protocol: z.enum(['tcp', 'udp', 'icmp']).describe('The protocol.'),
  from: z.string().nullable().describe('The address that it comes from; null: the host chose it.'),
  to: z.string().describe('The address that it is for.'),
  in: z.string().nullable().describe('The interface by which it comes; null: it is sent by the host.'),
  port: z.int().nullable().describe('The port that it is for; null: ICMP.'),
  fromPort: z.int().nullable().describe('The port that it comes from; null: ICMP.'),
  icmpType: z.string().nullable().describe('The type and code of ICMP, in numbers; null: no ICMP.'),
  uid: z.int().optional().describe('The user of the process that sends it, where a rule asks for that.'),
  gid: z.int().optional().describe('Its group.'),
  mac: z.string().optional().describe('The MAC address that it comes from, where a rule asks for that.'),
  state: z.enum(['new', 'established']).describe('Whether it is the first of its flow, or a later one.'),
});

/** A rule that comes, goes or stands elsewhere, and what that makes of the packets that meet it. */
export const ReachedRule = z.object({
  family: Family,
  table: z.string().describe('The name of the table, such as filter.'),
  rule: z.string().describe('The rule as -A CHAIN …; of a policy, -P CHAIN POLICY.'),
  how: z.enum(['added', 'removed', 'moved']).describe('Whether the rule comes, goes, or stands elsewhere.'),
  line: z
    .int()
    .nullable()
    .describe(
      'Its line in the text of that family as it was sent; of a rule that goes, in the text that was live. null: that is not known.',
    ),
  change: z
    .enum(['opens', 'closes', 'changes', 'none'])
    .describe(
      'What was seen of a packet for it: it gets through only now; no longer; it comes to another end. none: no packet that could be sent tells the difference, or what tells it never comes to this rule.',
    ),
  what: z.string().describe('Which packets meet it, as its conditions say, such as 22/tcp from 10.0.0.0/8.'),
  before: z
    .string()
    .nullable()
    .describe(
      'What became of the packet under the rules that are live: accept, drop, reject:WITH or dnat:ADDRESS.',
    ),
  after: z.string().nullable().describe('What becomes of it under those that are to come.'),
  packet: WitnessPacket.nullable().describe('The packet that was sent; null: none could be.'),
});
export type ReachedRule = z.infer<typeof ReachedRule>;

/** What a change opens and closes, by packets that were sent under the old rules and the new ones. */
export const Reach = z.object({
  rules: z.array(ReachedRule).describe('The rules of which packets were tried, in their order.'),
  leftOut: z.int().describe('How many more rules come or go: none of their packets is told of here.'),
  untried: z.string().nullable().describe('Why no packets could be sent at all; null: they were.'),
});
export type Reach = z.infer<typeof Reach>;
