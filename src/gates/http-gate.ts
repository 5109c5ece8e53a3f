import { askUrl, leadsTo, passBody } from './ask-url.ts';
import { type Finding, inconclusive } from './finding.ts';
import type { HttpGate } from './gates-file.ts';

/**
 * A page has to answer with the status, and to its end: one that breaks off has not answered. That another status is wrong is known
 * without the page. No answer, or one that leads elsewhere, says nothing of the page.
 */
export async function lookByHttp(gate: HttpGate, signal?: AbortSignal): Promise<Finding> {
  const wanted = `status ${gate.status}`;
  try {
    return await askUrl(new URL(gate.url), gate, async (answer) => await judge(answer, gate, wanted), signal);
  } catch (error) {
    return inconclusive(wanted, (error as Error).message);
  }
}

async function judge(answer: Response, gate: HttpGate, wanted: string): Promise<Finding> {
  const { status } = answer;
  const value = String(status);
  if (status === gate.status) {
    await passBody(answer);
    return { verdict: 'pass', value, wanted, reason: `status ${status}` };
  }
  const place = leadsTo(answer);
  if (place !== null)
    return inconclusive(wanted, `leads to another place (status ${status}, ${place})`, value);
  return { verdict: 'fail', value, wanted, reason: `status ${status}, and not ${gate.status}` };
}
