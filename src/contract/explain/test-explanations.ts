export interface CodeExplanation {
  /** The stages at which a job may be when it fails with the code. */
  stages: readonly string[];
  means: string;
  /** What to do about it. */
  advice: string;
}

/** Of the codes of tests with packets. */
export const TEST_EXPLANATIONS = {
  test_failed: {
    stages: ['rehearse'],
    means:
      'a packet of a test came out otherwise than it has to: `failure.tests` has each such test, and the rule that decided it',
    advice: 'mend that rule, or the test; `fleetwall test FILE` tries it again on this host alone',
  },
  test_inconclusive: {
    stages: ['rehearse'],
    means:
      'what becomes of a packet cannot be tried here: it is lost with no rules at all, or a rule asks for what a rehearsal has not',
    advice: 'the message says why (no route, `rp_filter`, the link); correct the test, or the host',
  },
} satisfies Record<string, CodeExplanation>;
