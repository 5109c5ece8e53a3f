import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { arbitraryChange, foreignOf, ownedOf } from '../../support/arbitrary-changes.ts';
import { Engine } from '../../support/engine.ts';
import { BACKENDS } from '../../support/namespace.ts';

const EXOTIC = join(import.meta.dirname, '../../support/exotic-rules.txt');

/** Adds a chain, as a ruleset needs one at least. */
function withChain(text: string): string {
  return text.replace('COMMIT', ':own-z - [0:0]\nCOMMIT');
}

describe.each(BACKENDS)('on the real kernel, %s', (backend) => {
  const engines: Engine[] = [];
  const openEngine = async () => {
    const engine = await Engine.open(backend);
    engines.push(engine);
    return engine;
  };
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
  });

  it('any change among foreign rules makes what is wanted, leaves those alone, and is unchanged when repeated', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryChange, async (change) => {
        const engine = await openEngine();
        const { namespace } = engine;
        // The rules of an earlier revision belong to the ruleset by its record. Then others add theirs, and change some of ours.
        const earlier = withChain(change.before).replace(/^.* THEIRS .*\n/gm, '');
        expect((await engine.apply(earlier)).end.outcome).toBe('applied');
        await namespace.run(`iptables-${backend}-restore`, ['-w', '5'], withChain(change.live));
        const before = (await namespace.save()).split('\n');
        const wanted = withChain(change.wanted);
        const { end } = await engine.apply(wanted);
        expect(end.failure).toBeNull();
        const after = (await namespace.save()).split('\n');
        expect(ownedOf(after)).toEqual(ownedOf(wanted.split('\n')));
        expect(foreignOf(after)).toEqual(foreignOf(before));
        const again = await engine.apply(wanted);
        expect(again.end).toMatchObject({ outcome: 'unchanged', changed: false });
        expect((await namespace.save()).split('\n')).toEqual(after);
      }),
      { numRuns: 15 },
    );
  });

  it('rules of many kinds are applied, and a second push of them is unchanged', async () => {
    const engine = await openEngine();
    await engine.namespace.run('ipset', ['create', 'nets', 'hash:net']);
    await engine.namespace.run('ipset', ['create', 'lst', 'list:set']);
    const text = await readFile(EXOTIC, 'utf8');
    const first = await engine.apply(text, { scope: 'tables' });
    expect(first.end).toMatchObject({ failure: null, outcome: 'applied' });
    const live = await engine.namespace.save();
    expect(live.match(/^-A /gm)).toHaveLength(text.match(/^-A /gm)?.length ?? 0);
    const again = await engine.apply(text, { scope: 'tables' });
    expect(again.end).toMatchObject({ failure: null, outcome: 'unchanged', changed: false });
    expect(await engine.namespace.save()).toBe(live);
  });
});
