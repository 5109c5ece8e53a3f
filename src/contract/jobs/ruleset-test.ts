import * as z from 'zod';
import { type Family } from '../words/identifiers.ts';
import { ICMP_TYPES, icmpTypeOf } from './icmp-types.ts';
import { rejectionOf } from './rejections.ts';

/** The most tests of one ruleset, and of a policy. */
const MOST_TESTS = 1_000;

const Address = z.union([z.ipv4(), z.ipv6()], { error: 'must be an IPv4 or IPv6 address' });
const Port = z
  .int('must be a port, 1 to 65535')
  .min(1, 'must be a port, 1 to 65535')
  .max(65_535, 'must be a port, 1 to 65535');
const InterfaceName = z.string().regex(/^[!-.0-~]{1,15}$/, 'must be the name of an interface');

const Fields = z.object({
  name: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^\p{Cc}]+$/u, 'must have no control characters')
    .describe('What the test is for, for people. No two tests of a ruleset have the same.'),
  direction: z
    .enum(['in', 'out', 'forward'])
    .optional()
    .describe('Whether the packet is for the host, from it, or goes through it; in, without it.'),
  from: Address.optional().describe('The address that it comes from; needed for in and forward.'),
  to: Address.optional().describe(
    'The address that it is for; needed for out and forward. For in, without it, the first global address of the interface.',
  ),
  in: InterfaceName.optional().describe(
    'The interface by which it comes; without it, that of the route to its source.',
  ),
  out: InterfaceName.optional().describe(
    'The interface by which it leaves; without it, that of the route to where it goes.',
  ),
  protocol: z.enum(['tcp', 'udp', 'icmp']).describe('The protocol; icmp is ICMPv6 for IPv6 addresses.'),
  port: Port.optional().describe('The port that it is for; needed for tcp and udp.'),
  fromPort: Port.optional().describe('The port that it comes from; without it, any above 32,767.'),
  icmpType: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe(
      'The type of ICMP, as iptables names it, or as TYPE or TYPE/CODE in numbers; echo-request, without it.',
    ),
  state: z
    .enum(['new', 'established'])
    .optional()
    .describe(
      'new, without it. established: the flow was opened in this direction, and this is its next packet.',
    ),
  expect: z
    .string()
    .max(100)
    .describe(
      'What has to become of it: accept, drop, reject, reject:WITH (as --reject-with names it) or dnat:ADDRESS[:PORT].',
    ),
});

function tellProblems(test: z.infer<typeof Fields>, context: z.core.$RefinementCtx<typeof test>): void {
  for (const { path, message } of problemsOf(test))
    context.addIssue({ code: 'custom', path: [path], message, input: test[path] });
}

/** What a packet must do under a ruleset. */
export const RulesetTest = Fields.superRefine(tellProblems);
/** A test with real packets. */
export type RulesetTest = z.infer<typeof RulesetTest>;

/** As people write it in a file: no other fields are taken. */
const WrittenTest = Fields.strict().superRefine(tellProblems);

/** Each wrong test of a file is told. */
export const WrittenTests = z
  .array(WrittenTest)
  .max(MOST_TESTS)
  .superRefine((tests, context) => {
    for (const [index, { name }] of tests.entries())
      if (tests.findIndex((other) => other.name === name) < index)
        context.addIssue({ code: 'custom', path: [index, 'name'], message: sameName(name) });
  });

/** The fields of a test. */
export const TEST_FIELDS = Object.keys(Fields.shape);

/** Of many tests, the first wrong one is told. */
export const RulesetTests = z
  .array(RulesetTest)
  .max(MOST_TESTS)
  .superRefine((tests, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of tests.entries()) {
      if (names.has(name))
        return context.addIssue({ code: 'custom', path: [index, 'name'], message: sameName(name) });
      names.add(name);
    }
  });

/** What has to become of a packet. */
export type Expectation =
  | { kind: 'accept' | 'drop' }
  /** `null`: whatever it is refused with. */
  | { kind: 'reject'; with: string | null }
  /** `null`: whatever port. */
  | { kind: 'dnat'; address: string; port: number | null };

/** Reads `expect`. @returns a text, for a reader, if it cannot be */
export function readExpectation(text: string): Expectation | string {
  if (text === 'accept' || text === 'drop') return { kind: text };
  if (text === 'reject') return { kind: 'reject', with: null };
  const [, word, rest = ''] = /^(reject|dnat):(.*)$/s.exec(text) ?? [];
  if (word === 'reject') {
    const rejection = rejectionOf(rest);
    return rejection === undefined
      ? 'is not what --reject-with takes: write reject, reject:tcp-reset, reject:icmp-port-unreachable or another of its names'
      : { kind: 'reject', with: rejection.name };
  }
  if (word === 'dnat') return readDestination(rest);
  return 'must be accept, drop, reject, reject:WITH or dnat:ADDRESS[:PORT]';
}

function readDestination(text: string): Expectation | string {
  const whole = Address.safeParse(text.replace(/^\[(.*)\]$/, '$1'));
  if (whole.success) return { kind: 'dnat', address: whole.data, port: null };
  const [, inner, plain, digits = ''] = /^(?:\[(.*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = Address.safeParse(inner ?? plain);
  const port = Port.safeParse(Number(digits));
  return address.success && port.success
    ? { kind: 'dnat', address: address.data, port: port.data }
    : 'must be dnat:ADDRESS, dnat:ADDRESS:PORT or, for IPv6, dnat:[ADDRESS]:PORT';
}

/** The family of addresses that a test is about: that of its addresses. */
export function familyOfTest({ from, to }: Pick<RulesetTest, 'from' | 'to'>): Family {
  return (from ?? to ?? '').includes(':') ? 'ipv6' : 'ipv4';
}

function sameName(name: string): string {
  return `is "${name}", as another test is called`;
}

interface FieldProblem {
  path: keyof RulesetTest;
  message: string;
}

function problemsOf(test: RulesetTest): FieldProblem[] {
  return [...placeProblems(test), ...protocolProblems(test), ...expectProblems(test)];
}

function placeProblems({ direction = 'in', from, to, in: into, out }: RulesetTest): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const need = (path: 'from' | 'to') =>
    problems.push({ path, message: `is missing, and must be there for direction ${direction}` });
  if (from === undefined && direction !== 'out') need('from');
  if (to === undefined && direction !== 'in') need('to');
  if (from !== undefined && to !== undefined && from.includes(':') !== to.includes(':'))
    problems.push({ path: 'to', message: 'must be of the same family as from' });
  const cannot = (path: 'in' | 'out') =>
    problems.push({ path, message: `is not possible for direction ${direction}` });
  if (into !== undefined && direction === 'out') cannot('in');
  if (out !== undefined && direction === 'in') cannot('out');
  return problems;
}

function protocolProblems(test: RulesetTest): FieldProblem[] {
  const { protocol, port, fromPort, icmpType } = test;
  if (protocol !== 'icmp') {
    const message = `is missing, and must be there for protocol ${protocol}`;
    return [
      ...(port === undefined ? [{ path: 'port' as const, message }] : []),
      ...(icmpType === undefined
        ? []
        : [{ path: 'icmpType' as const, message: `is not possible for protocol ${protocol}` }]),
    ];
  }
  const ports = Object.entries({ port, fromPort }).filter(([, value]) => value !== undefined);
  const problems = ports.map(([path]) => ({
    path: path as 'port' | 'fromPort',
    message: 'is not possible for protocol icmp',
  }));
  const family = familyOfTest(test);
  if (icmpType === undefined || icmpTypeOf(icmpType, family) !== undefined) return problems;
  const known = Object.keys(ICMP_TYPES[family]).join(', ');
  const message = `is no type of ${family} ICMP: it is TYPE or TYPE/CODE in numbers, or one of ${known}`;
  return [...problems, { path: 'icmpType', message }];
}

function expectProblems(test: RulesetTest): FieldProblem[] {
  const expected = readExpectation(test.expect);
  if (typeof expected === 'string') return [{ path: 'expect', message: expected }];
  const family = familyOfTest(test);
  if (expected.kind === 'dnat' && expected.address.includes(':') !== (family === 'ipv6'))
    return [{ path: 'expect', message: 'must be an address of the same family as from and to' }];
  if (expected.kind !== 'reject' || expected.with === null) return [];
  const { protocol } = test;
  const rejection = rejectionOf(expected.with);
  if (rejection?.protocol === 'tcp' && protocol !== 'tcp')
    return [{ path: 'expect', message: `is ${test.expect}, which protocol ${protocol} has not` }];
  if (rejection?.family !== undefined && rejection.family !== family)
    return [{ path: 'expect', message: `is ${test.expect}, which ${family} has not` }];
  return [];
}
