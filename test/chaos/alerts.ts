/**
 * Causes each alert of `docker/prometheus/alerts.yaml` on a real fleet, sees the real Prometheus fire it, follows what the operating guide
 * says for it, and sees it end. `npm run chaos -- alerts`, or `npm run chaos -- alerts NAME…` for some of them.
 *
 * The times of the rules are shorter by a factor; that they are right is tested by `promtool test rules`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pushSame } from '../support/alerts/acts.ts';
import { AlertFleet, type HostName } from '../support/alerts/alert-fleet.ts';
import { ALL_CAUSES } from '../support/alerts/all-causes.ts';
import type { Cause } from '../support/alerts/cause.ts';
import { sectionOf } from '../support/alerts/guide.ts';
import { quickerRules } from '../support/alerts/quicker-rules.ts';
import type { Alert } from '../support/prometheus.ts';

const QUICKER = 60;
const FIRE_MS = 180_000;
/** The longest window is an hour, here a minute. */
const END_MS = 180_000;
const USAGE = 2;

const asked = process.argv.slice(2);
const causes = ALL_CAUSES.filter(({ alert }) => asked.length === 0 || asked.includes(alert));
const factors = new Map(ALL_CAUSES.map(({ alert, quicker = QUICKER }) => [alert, quicker]));
const fleet = await AlertFleet.start((text) => {
  return quickerRules(text, (alert) => factors.get(alert ?? '') ?? QUICKER);
});
let failures = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void fleet.stop().finally(() => process.exit(1)));
try {
  for (const host of ['web-1', 'web-2', 'db-1'] as const) await pushSame(fleet, host);
  for (const cause of causes) {
    await tryCause(cause).catch((error: unknown) => {
      failures += 1;
      console.error(`FAILED  ${cause.alert}: ${String(error)}`);
    });
  }
} finally {
  await fleet.stop();
}
console.log(failures === 0 ? `All ${causes.length} alerts fired and ended` : `${failures} alerts went wrong`);
process.exitCode = failures === 0 ? 0 : 1;

async function tryCause(cause: Cause): Promise<void> {
  await quiet(cause);
  const begun = performance.now();
  let alert: Alert;
  try {
    await cause.harm?.(fleet);
    alert = await fires(cause);
    console.log(`\n${cause.alert}: ${cause.what}; fires after ${since(begun)}`);
    console.log(`  ${alert.annotations['summary']}\n  ${alert.annotations['description']}`);
    await followGuide(alert);
  } finally {
    await cause.mend(fleet);
  }
  const mended = performance.now();
  await quiet(cause);
  const others = await firing();
  const also = [...new Set(others.map(({ labels }) => labels['alertname']))].join(', ');
  console.log(`  ended ${since(mended)} after it was mended${also === '' ? '' : `; still there: ${also}`}`);
}

async function fires(cause: Cause): Promise<Alert> {
  const deadline = Date.now() + FIRE_MS;
  for (let round = 0; ; round += 1) {
    const found = (await firing()).find(({ labels }) => isOf(cause, labels));
    if (found !== undefined) return found;
    if (Date.now() > deadline)
      throw new Error(`does not fire: ${JSON.stringify(await fleet.prometheus.alerts())}`);
    await (cause.goOn?.(fleet, round) ?? sleep(500));
  }
}

async function quiet({ alert }: Cause): Promise<void> {
  const isQuiet = async () => (await firing()).every(({ labels }) => labels['alertname'] !== alert);
  await fleet.until(`the end of ${alert}`, isQuiet, END_MS);
}

async function firing(): Promise<Alert[]> {
  return (await fleet.prometheus.alerts()).filter(({ state }) => state === 'firing');
}

function isOf({ alert, labels }: Cause, has: Readonly<Record<string, string>>): boolean {
  return has['alertname'] === alert && Object.entries(labels).every(([name, value]) => has[name] === value);
}

/** Types each command that its section says to look with, and holds what the alert says against its labels. */
async function followGuide(alert: Alert): Promise<void> {
  const { labels, annotations } = alert;
  const says = Object.values(annotations).join(' ');
  const named = ['instance', 'ruleset', 'list'].flatMap((label) => labels[label] ?? []);
  const unnamed = named.filter((name) => !annotations['summary']?.includes(name));
  if (unnamed.length > 0 || /no value|%!/.test(says))
    throw new Error(`it does not say of what it is: ${says}`);
  for (const words of (await sectionOf(alert)).commands) {
    const onHost = words[0] === 'doctor';
    const { status, stdout, stderr } = onHost
      ? await fleet.onHost(labels['instance'] as HostName, words)
      : await fleet.operator(words);
    const [first = ''] = `${stdout}${stderr}`.split('\n').slice(onHost ? -2 : 0);
    console.log(`  $ fleetwall ${words.join(' ')}\n    ${first.slice(0, 200)}`);
    if (status === USAGE || status === undefined) throw new Error(`fleetwall ${words.join(' ')}: ${stderr}`);
  }
}

function since(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(0)} s`;
}
