import { askUrl } from './ask-url.ts';
import { type Finding, inconclusive } from './finding.ts';
import type { HttpGate } from './gates-file.ts';

/** A page has to answer with the status. No answer, or one that leads elsewhere, says nothing of the page. */
export async function lookByHttp(gate: HttpGate, signal?: AbortSignal): Promise<Finding> {
  const wanted = `status ${gate.status}`;
  try {
    const { status, location } = await askUrl(new URL(gate.url), gate, signal);
    const value = String(status);
    if (status === gate.status) return { verdict: 'pass', value, wanted, reason: `status ${status}` };
    if (location !== null) {
      return inconclusive(wanted, `leads to another place (status ${status}, ${location})`, value);
    }
    return { verdict: 'fail', value, wanted, reason: `status ${status}, and not ${gate.status}` };
  } catch (error) {
    return inconclusive(wanted, (error as Error).message);
  }
}
