import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerSettings } from '../../../src/config/worker-settings.ts';
import { escapeControl } from '../../../src/contract/words/escape.ts';
import { silentLog } from '../../../src/log/logger.ts';
import { runLocally } from '../../../src/worker/local/run-locally.ts';
import { BAD_RULESETS, type BadRuleset } from '../../support/bad-rulesets.ts';
import { BACKENDS, type Backend, TestNamespace } from '../../support/namespace.ts';
import { LOCAL_CHECK } from '../../support/rulesets.ts';

const said = new Map<string, string[]>(BAD_RULESETS.map(({ what }) => [what, []]));

/** What bare iptables says about the text with the first bad line: its exit status, and the lines that it names. */
async function bareWords(backend: Backend, { bad, ...texts }: BadRuleset): Promise<string> {
  const namespace = await TestNamespace.create(backend);
  const family = bad[0]?.[0] ?? 'ipv4';
  const program = `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${backend}-restore`;
  const { exitCode, stderr } = await namespace.try(program, ['-w', '5'], texts[family]);
  await namespace.remove();
  if (exitCode === 0) return 'takes it';
  const lines = [...stderr.matchAll(/(?:line:? |at line: )(\d+)/g)].map(([, line]) => line);
  return lines.length === 0
    ? 'no line'
    : `line ${lines.slice(0, 3).join(', ')}${lines.length > 3 ? ' …' : ''}`;
}

describe.each(BACKENDS)('the failing lines of a bad ruleset are shown, %s', (backend: Backend) => {
  let namespace: TestNamespace;
  let folder: string;
  beforeAll(async () => {
    namespace = await TestNamespace.create(backend);
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-bad-'));
  });
  afterAll(async () => {
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  it.each(BAD_RULESETS)('$what', async (ruleset) => {
    const settings = WorkerSettings.parse({
      hostId: 'corpus',
      backend,
      netns: namespace.name,
      stateDir: join(folder, 'state'),
      runDir: join(folder, 'run'),
    });
    const { what, bad, scope = 'chains', ...texts } = ruleset;
    const { failure } = await runLocally(
      { ...LOCAL_CHECK, ruleset: { name: 'corpus', scope, adopt: [], ...texts } },
      settings,
      silentLog(),
    );
    expect(failure?.lines.map(({ family, line, confidence }) => [family, line, confidence])).toEqual(
      bad.map(([family, line]) => [family, line, 'verified']),
    );
    for (const line of failure?.lines ?? []) {
      const sent = texts[line.family]?.split('\n')[line.line - 1] ?? '';
      expect(escapeControl(sent)).toContain(line.text.slice(0, 20));
      expect(line.reason).not.toBe('');
    }
    expect(await namespace.save()).toBe('');
    said.get(what)?.push(await bareWords(backend, ruleset));
  });
});

describe('what bare iptables says about each bad ruleset', () => {
  it('is what bad-rulesets.txt shows', async () => {
    const rows = BAD_RULESETS.map(({ what, bad }) => {
      const truth = bad.map(([family, line]) => (family === 'ipv4' ? line : `${line} (ipv6)`)).join(', ');
      return [what, truth, ...(said.get(what) ?? [])];
    });
    const head = [
      'bad ruleset',
      'bad lines, all shown by fleetwall',
      'iptables-nft 1.8.9',
      'iptables-legacy 1.8.9',
    ];
    const text = [head, ...rows].map((row) => row.join(' | ')).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot('bad-rulesets.txt');
  });
});
