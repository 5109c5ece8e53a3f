import * as z from 'zod';
import { askUrl, leadsTo, readBody } from './ask-url.ts';
import { type Finding, inconclusive } from './finding.ts';
import type { PrometheusGate } from './gates-file.ts';

const Point = z.tuple([z.number(), z.string()]);
/** Of an instant query: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
const Answer = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).optional(),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: Point }),
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: Point })),
    }),
  ]),
});
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^[+-]?Inf$/i;
type Series = { labels: string; text: string; value: number };

/** Every series has to be within the bound, which itself is outside of it. */
export async function lookAtPrometheus(gate: PrometheusGate, signal?: AbortSignal): Promise<Finding> {
  const wanted = gate.below === undefined ? `above ${gate.above}` : `below ${gate.below}`;
  try {
    const series = await querySeries(gate, signal);
    const worst = worstOf(series, gate);
    if (worst === undefined) return inconclusive(wanted, 'the query gives no data');
    const where = series.length === 1 ? '' : `, the worst of ${series.length} series ${worst.labels}`;
    if (isWithin(worst.value, gate)) {
      return { verdict: 'pass', value: worst.text, wanted, reason: `${worst.text}, ${wanted}${where}` };
    }
    if (Number.isNaN(worst.value)) {
      const given = /^NaN$/i.test(worst.text) ? 'NaN' : `${JSON.stringify(worst.text)}, which is no number`;
      return inconclusive(wanted, `the query gives ${given}${where}`, worst.text);
    }
    return { verdict: 'fail', value: worst.text, wanted, reason: `${worst.text}, and not ${wanted}${where}` };
  } catch (error) {
    return inconclusive(wanted, (error as Error).message);
  }
}

async function querySeries(gate: PrometheusGate, signal: AbortSignal | undefined): Promise<Series[]> {
  const url = new URL('api/v1/query', gate.url.endsWith('/') ? gate.url : `${gate.url}/`);
  url.searchParams.set('query', gate.query);
  const { status, place, body } = await askUrl(url, gate, readAnswer, signal);
  if (place !== null) throw new Error(`Prometheus leads to another place (status ${status}, ${place})`);
  if (status !== 200) throw new Error(`Prometheus answers with status ${status}: ${saidBy(body)}`);
  const read = Answer.safeParse(parseJson(body));
  if (!read.success)
    throw new Error('the answer is not that of an instant query of Prometheus with a scalar or a vector');
  const { warnings = [], data } = read.data;
  if (warnings.length > 0) throw new Error(`Prometheus warns: ${warnings.join('; ')}`);
  if (data.resultType === 'scalar')
    return [{ labels: '', text: data.result[1], value: numberOf(data.result[1]) }];
  return data.result.map(({ metric, value }) => ({
    labels: JSON.stringify(metric),
    text: value[1],
    value: numberOf(value[1]),
  }));
}

/** Where it is no answer to the query, its status says more than that its text cannot be had. */
async function readAnswer(answer: Response): Promise<{ status: number; place: string | null; body: string }> {
  const { status } = answer;
  const body = status === 200 ? await readBody(answer) : await readBody(answer).catch(() => '');
  return { status, place: leadsTo(answer), body };
}

/** One that fails, else one that says nothing, else the one that is nearest to the bound. */
function worstOf(series: readonly Series[], gate: PrometheusGate): Series | undefined {
  const failing = series.filter(({ value }) => !Number.isNaN(value) && !isWithin(value, gate));
  const worstFirst = (a: Series, b: Series) =>
    gate.below === undefined ? a.value - b.value : b.value - a.value;
  return (
    failing.toSorted(worstFirst)[0] ??
    series.find(({ value }) => Number.isNaN(value)) ??
    series.toSorted(worstFirst)[0]
  );
}

function isWithin(value: number, { below, above }: PrometheusGate): boolean {
  return below === undefined ? value > (above ?? Number.POSITIVE_INFINITY) : value < below;
}

/** As Prometheus writes numbers; all else is none, such as `''` and `0x1`, which JavaScript would read. */
function numberOf(text: string): number {
  if (INFINITE.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** What Prometheus says is wrong, where it is its own answer. */
function saidBy(body: string): string {
  const read = z.object({ error: z.string() }).safeParse(parseJson(body));
  return read.success ? read.data.error : 'with no reason that can be read';
}
