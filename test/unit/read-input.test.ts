import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readListFile } from '../../src/cli/files/list-file.ts';
import { readInput } from '../../src/cli/files/read-input.ts';
import { readRulesetFile } from '../../src/cli/files/ruleset-file.ts';
import { readTrustedKeys } from '../../src/config/trusted-keys.ts';

const MARK = '\ufeff';
const RULES = '*filter\n:edge - [0:0]\nCOMMIT\n';
const KEYS = {
  // https://www.rfc-editor.org/rfc/rfc8037#appendix-A.2
  keys: [{ kid: 'ops', kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
};
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-input-'));
  await chmod(folder, 0o700);
});
afterEach(async () => await rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

describe('a byte order mark before a file', () => {
  it('is left out: of rules, of a list, of keys', async () => {
    const rules = await readRulesetFile(await write('edge.rules', MARK + RULES), {});
    expect(rules).toMatchObject({ form: 'ipv4', ruleset: { name: 'edge', ipv4: RULES } });
    const yaml = `${MARK}name: edge\nipv4: |\n  *filter\n  COMMIT\n`;
    expect((await readRulesetFile(await write('edge.yaml', yaml), {})).ruleset.name).toBe('edge');
    const entries = ['192.0.2.1'];
    const list = await readListFile(await write('blocked.json', MARK + JSON.stringify(entries)));
    expect(list.entries).toEqual(entries);
    expect(await readListFile(await write('blocked.txt', `${MARK}192.0.2.1\n`))).toEqual({ entries });
    const keys = await readTrustedKeys(await write('trusted.json', MARK + JSON.stringify(KEYS)));
    expect(keys.map(({ kid }) => kid)).toEqual(['ops']);
  });

  it('is kept where each byte counts', async () => {
    expect((await readInput(await write('payload', `${MARK}{}`))).toString('utf8')).toBe(`${MARK}{}`);
  });
});

it('what has no end is not read for ever', async () => {
  await expect(readInput('/dev/zero')).rejects.toThrow('/dev/zero: cannot be read: it has more than 128 MiB');
});

it('what cannot be read is told by its name', async () => {
  await expect(readInput(join(folder, 'none'))).rejects.toThrow(`${folder}/none: cannot be read: ENOENT`);
  await expect(readInput(folder)).rejects.toThrow(`${folder}: cannot be read: EISDIR`);
});

it.each(['* filter', '*\tfilter', '# mine\n\n* filter'])(
  'a table may stand apart from its star, as iptables-restore takes it: %j',
  async (head) => {
    const rules = RULES.replace('*filter', head);
    expect(await readRulesetFile(await write('edge.rules', rules), {})).toMatchObject({
      form: 'ipv4',
      ruleset: { ipv4: rules },
    });
  },
);
