import * as z from 'zod';
import { Scope } from '../words/identifiers.ts';
import { WrittenTests } from './ruleset-test.ts';

const NamePatterns = z
  .array(z.string().min(1).max(64))
  .describe('Names; in one of them * stands for anything.');
const ExtensionNames = z.array(z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be the name of an extension'));
const RuleSpec = z
  .string()
  .min(1)
  .max(1_000)
  .regex(/^[^\r\n]+$/, 'must be one line')
  .nullable()
  .describe(
    'Matches and target of the rule, as after "iptables -A CHAIN"; null: not demanded in this family.',
  );

const RequiredRule = z.strictObject({
  name: z.string().min(1).max(100).describe('What the rule is for, to be said where it is missing.'),
  table: z
    .enum(['raw', 'mangle', 'nat', 'filter', 'security'])
    .default('filter')
    .describe('The table that it has to be in.'),
  chain: z
    .enum(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'])
    .default('INPUT')
    .describe('The built-in chain that it has to be in, or in one to which all of it jumps.'),
  before: ExtensionNames.min(1)
    .default(['DROP', 'REJECT'])
    .describe('Targets that refuse packets. The rule has to come ahead of the first of them.'),
  ipv4: RuleSpec,
  ipv6: RuleSpec,
});
export type RequiredRule = z.infer<typeof RequiredRule>;

const SignerCount = z.int().min(1).max(8).describe('How many different keys have to sign a change: 1 to 8.');

/** What a host lets jobs do to it, whoever signed them. What is absent is not limited. */
export const HostPolicy = z.strictObject({
  rulesets: NamePatterns.optional(),
  scopes: z.array(Scope).optional().describe('Scopes that a ruleset may have.'),
  tables: z.array(z.string()).optional().describe('Tables that a ruleset may name.'),
  chains: NamePatterns.optional().describe('Names of the chains that a ruleset declares.'),
  targets: ExtensionNames.optional().describe('Targets of rules, besides chains of the ruleset.'),
  matches: ExtensionNames.optional().describe('Matches (-m) that rules may have.'),
  mostRules: z.int().min(1).optional().describe('Of one ruleset, both families together.'),
  never: z
    .array(z.string().min(1).max(64))
    .optional()
    .describe('Networks that no deny list may have an address of, besides those of the host itself.'),
  required: z
    .array(RequiredRule)
    .max(100)
    .default([])
    .describe('Rules that a ruleset must have, ahead of the first that refuses packets of their chain.'),
  tests: WrittenTests.default([]).describe(
    'What real packets must do on this host, whichever of its rulesets changes. A job cannot switch them off.',
  ),
  signatures: z
    .strictObject({
      signers: SignerCount.default(1).describe('How many different keys have to sign a change.'),
      rulesets: z
        .array(z.strictObject({ names: NamePatterns, signers: SignerCount }))
        .default([])
        .describe('The same for single rulesets, where they need more.'),
      lists: z
        .array(z.strictObject({ names: NamePatterns, signers: SignerCount }))
        .default([])
        .describe('The same for single lists.'),
      withoutExpiry: z.boolean().default(false).describe('Take signed jobs that have no expiresAt.'),
    })
    .prefault({})
    .describe('Who has to sign a change.'),
});
export type HostPolicy = z.infer<typeof HostPolicy>;
