import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../../src/cli/commands.ts';
import { environmentName, SETTING_NAMES } from '../../src/config/worker-settings.ts';
import { Outcome } from '../../src/contract/events/event.ts';
import { FailureCode, isRetryable, Stage } from '../../src/contract/events/failure.ts';
import { CODE_EXPLANATIONS } from '../../src/contract/explain/code-explanations.ts';
import { END_EXPLANATIONS } from '../../src/contract/explain/end-explanations.ts';
import { HostEnd } from '../../src/contract/rollouts/rollout-events.ts';
import { markdownFile, ROOT, tableUnder } from '../support/documents.ts';

const CONTRACT = await markdownFile('src/contract/README.md');
const code = (cell: string | undefined) => cell?.replaceAll('`', '') ?? '';
const sorted = (names: Iterable<string>) => [...names].toSorted((a, b) => a.localeCompare(b));

/** Every text below a folder of the sources, in one. */
async function sourcesBelow(folder: string): Promise<string> {
  const names = await readdir(join(ROOT, folder), { recursive: true });
  const texts = names
    .filter((name) => name.endsWith('.ts'))
    .map(async (name) => await readFile(join(ROOT, folder, name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

describe('the failure codes of the contract', () => {
  const rows = tableUnder('Failure codes', CONTRACT);
  const documented = new Map(
    rows.map(([name, stages = '', again]) => [code(name), { stages: stages.split(', '), again }]),
  );

  it('are those that there are, each with what it means and what to do', () => {
    expect(documented.size).toBe(rows.length);
    expect(sorted(documented.keys())).toEqual(sorted(FailureCode.options));
    for (const row of rows) {
      expect(row).toHaveLength(5);
      expect(row.filter((cell) => cell === '')).toEqual([]);
    }
  });

  it('say whether to send again as the code does', () => {
    const told = rows.map(([name, , again]) => [code(name), again]);
    expect(told).toEqual(
      rows.map(([name]) => [code(name), isRetryable(FailureCode.parse(code(name))) ? 'yes' : 'no']),
    );
  });

  it('are explained by the command in the same words', () => {
    const explained = rows.map(([name, stages = '', , means, advice]) => [
      code(name),
      { stages: stages.split(', '), means, advice },
    ]);
    expect(CODE_EXPLANATIONS).toEqual(Object.fromEntries(explained));
  });

  it('have the stages at which the code says them', async () => {
    const source = await sourcesBelow('src/job');
    const thrown = /new JobFailure\(\s*(?:[\w.]+ === null \? )?'(\w+)'(?: : '(\w+)')?,\s*'(\w+)'/g;
    const known = [...source.matchAll(thrown)].flatMap(([, first, second, name = '']) =>
      [first, second].filter((stage) => stage !== undefined).map((stage) => `${name} ${stage}`),
    );
    expect(known.length).toBeGreaterThan(20);
    const told = [...documented].flatMap(([name, { stages }]) => stages.map((stage) => `${name} ${stage}`));
    expect(told.filter((pair) => !Stage.safeParse(pair.split(' ')[1]).success)).toEqual([]);
    expect(known.filter((pair) => !told.includes(pair))).toEqual([]);
    // Where a stage is only known as the worker runs, these files choose the code.
    const chosen = await Promise.all(
      ['outcome/tool-failure', 'outcome/job-end', 'rehearse/explain-refusal'].map(
        async (name) => await readFile(join(ROOT, `src/job/${name}.ts`), 'utf8'),
      ),
    );
    const isChosen = (pair: string) => chosen.some((text) => text.includes(`'${pair.split(' ')[0]}'`));
    expect(told.filter((pair) => !known.includes(pair) && !isChosen(pair))).toEqual([]);
  });
});

describe('the contract', () => {
  it('has every outcome', () => {
    const told = tableUnder('The end of a job', CONTRACT).map(([name]) => code(name));
    expect(sorted(told)).toEqual(sorted(Outcome.options));
  });

  it('says of each end of a host what fleetwall explain says', () => {
    const ends = ['The end of a job', 'The end of a host'].flatMap((heading) =>
      tableUnder(heading, CONTRACT),
    );
    const isEnd = (name: string) => HostEnd.safeParse(name).success;
    const told = ends.map(([name, means]) => [code(name), means]).filter(([name = '']) => isEnd(name));
    expect(Object.fromEntries(told)).toEqual(END_EXPLANATIONS);
  });

  it('has every setting', () => {
    const told = tableUnder("The worker's settings", CONTRACT)
      .flatMap(([names = '']) => names.split(', '))
      // `_CERT` and `_KEY` stand beside the name that they go with.
      .map((name) => code(name).replace(/^_/, 'FLEETWALL_AMQP_'));
    expect(sorted(told)).toEqual(sorted(SETTING_NAMES.map(environmentName)));
  });

  it('has every command', () => {
    const told = tableUnder('Commands', CONTRACT).flatMap(
      ([names = '']) => names.match(/(?<=fleetwall )\w+/g) ?? [],
    );
    const commands = COMMANDS.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
    expect(sorted(told)).toEqual(sorted(commands));
  });

  it('has every type of event', async () => {
    const types =
      (await sourcesBelow('src/contract')).match(/'fleetwall\.(?:job|drift|worker|rollout)\.\w+'/g) ?? [];
    const missing = types
      .map((type) => type.replaceAll("'", ''))
      .filter((type) => !CONTRACT.spans.includes(type));
    expect(missing).toEqual([]);
  });
});

describe('how to run it', () => {
  it('has what to do for every alert, and for no other', async () => {
    const { headings } = await markdownFile('docker/README-operate.md');
    const { groups } = parse(await readFile(join(ROOT, 'docker/prometheus/alerts.yaml'), 'utf8')) as {
      groups: { rules: { alert?: string }[] }[];
    };
    const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
    expect(headings.filter((heading) => heading.startsWith('Fleetwall'))).toEqual(alerts);
  });

  it('has every metric of a worker, and no other', async () => {
    const { path, ...operate } = await markdownFile('docker/README-operate.md');
    const told = tableUnder('Watch it', { path, ...operate }).flatMap(([names = '']) => metricNames(names));
    const known = (await sourcesBelow('src/metrics')).match(/(?<=')fleetwall_\w+(?=')/g) ?? [];
    expect(sorted(new Set(told))).toEqual(sorted(new Set(known)));
  });

  /** `fleetwall_a_connected`, `_consuming` is two: a name that begins with `_` has the beginning of the one before. */
  function metricNames(cell: string): string[] {
    const words = [...cell.matchAll(/`(\w+)/g)].map(([, word = '']) => word);
    const [first = ''] = words;
    return words.map((word) => (word.startsWith('_') ? beginningOf(first) + word : word));
  }
  const beginningOf = (name: string) => /^fleetwall_[a-z]+/.exec(name)?.[0] ?? '';
});

describe('who can do what', () => {
  it('names tests that have what they are named for', async () => {
    const { text } = await markdownFile('src/SECURITY.md');
    const named = [...text.matchAll(/`(test\/[\w./-]+)`:((?:,? "[^"]+")+)/g)];
    expect(named.length).toBeGreaterThan(20);
    const missing = await Promise.all(
      named.map(async ([, path = '', titles = '']) => {
        const test = await readFile(join(ROOT, path), 'utf8');
        const quoted = [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title);
        return quoted.filter((title) => !test.includes(title)).map((title) => `${path}: ${title}`);
      }),
    );
    expect(missing.flat()).toEqual([]);
  });
});
