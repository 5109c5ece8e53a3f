import { z } from 'zod';
import { Scope } from './identifiers.ts';

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
  name: z.string().min(1).max(100),
  table: z.enum(['raw', 'mangle', 'nat', 'filter', 'security']).default('filter'),
  chain: z.enum(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']).default('INPUT'),
  before: ExtensionNames.min(1).default(['DROP', 'REJECT']),
  ipv4: RuleSpec,
  ipv6: RuleSpec,
});
export type RequiredRule = z.infer<typeof RequiredRule>;

const SignerCount = z.int().min(1).max(8);

/** What a host lets jobs do to it, whoever signed them. What is absent is not limited. */
export const HostPolicy = z.strictObject({
  rulesets: NamePatterns.optional(),
  scopes: z.array(Scope).optional(),
  tables: z.array(z.string()).optional(),
  chains: NamePatterns.optional().describe('Names of the chains that a ruleset declares.'),
  targets: ExtensionNames.optional().describe('Targets of rules, besides chains of the ruleset.'),
  matches: ExtensionNames.optional(),
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
    .prefault({}),
});
export type HostPolicy = z.infer<typeof HostPolicy>;
