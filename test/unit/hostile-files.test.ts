import { chmod, chown, lchown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRulesetFile } from '../../src/cli/files/ruleset-file.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { readTrustedKeys } from '../../src/config/trusted-keys.ts';
import { assertOwnFolder } from '../../src/host/state/own-folder.ts';
import { openLog } from '../../src/log/logger.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-files-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

describe('files that others may write', () => {
  const file = async (name: string, text: string, mode: number) => {
    const path = join(folder, name);
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  };

  it('are not taken as settings', async () => {
    const configFile = await file('worker.yaml', 'allowUnsigned: true\n', 0o666);
    const settings = loadSettings({ flags: {}, environment: {}, configFile });
    await expect(settings).rejects.toThrow(`${configFile}: may be written by others`);
  });

  it('are taken where what others write is not what is read: no settings from /dev/null', async () => {
    const environment = { FLEETWALL_HOST_ID: 'web-1' };
    const settings = await loadSettings({ flags: {}, environment, configFile: '/dev/null' });
    expect(settings.hostId).toBe('web-1');
  });

  it('are not taken as the password', async () => {
    const configFile = await file('worker.yaml', 'allowUnsigned: true\n', 0o600);
    const password = await file('password', 'secret', 0o620);
    const environment = { FLEETWALL_AMQP_PASSWORD_FILE: password };
    const settings = loadSettings({ flags: {}, environment, configFile });
    await expect(settings).rejects.toThrow(`${password}: may be written by others`);
  });

  it.each([0o1666, 0o1664, 0o1602])(
    'are not taken as keys, also with a sticky bit: mode %o',
    async (mode) => {
      const keys = await file('keys.json', '{}', mode);
      await expect(readTrustedKeys(keys)).rejects.toThrow(`${keys}: may be written by others`);
    },
  );

  it('are not taken where a folder above may be changed by others', async () => {
    const open = join(folder, 'open');
    const keys = join(open, 'between', 'keys.json');
    await mkdir(join(open, 'between'), { recursive: true, mode: 0o755 });
    await writeFile(keys, '{"keys":[]}', { mode: 0o644 });
    await expect(readTrustedKeys(keys)).rejects.toThrow('keys');
    await chmod(open, 0o777);
    await expect(readTrustedKeys(keys)).rejects.toThrow(`${open}: may be written by others`);
    // In a sticky folder others can make files, and replace none.
    await chmod(open, 0o1777);
    await expect(readTrustedKeys(keys)).rejects.not.toThrow('may be written');
  });

  it.runIf(process.geteuid?.() === 0)('are not taken where a folder above is of another user', async () => {
    const theirs = join(folder, 'theirs');
    await mkdir(join(theirs, 'between'), { recursive: true, mode: 0o755 });
    await writeFile(join(theirs, 'between', 'keys.json'), '{"keys":[]}', { mode: 0o644 });
    await chown(theirs, 1000, 1000);
    const refusal = `${theirs}: belongs to user 1000`;
    await expect(readTrustedKeys(join(theirs, 'between', 'keys.json'))).rejects.toThrow(refusal);
    await expect(assertOwnFolder(join(theirs, 'between'))).rejects.toThrow(`${theirs} belongs to user 1000`);
    // A link of root leads there, and one of theirs leads away.
    await symlink(join(theirs, 'between'), join(folder, 'link'));
    await expect(readTrustedKeys(join(folder, 'link', 'keys.json'))).rejects.toThrow(refusal);
    await expect(assertOwnFolder(join(folder, 'link'))).rejects.toThrow(`${theirs} belongs to user 1000`);
    const own = await file('keys.json', '{"keys":[]}', 0o644);
    await symlink(own, join(folder, 'own.json'));
    await expect(readTrustedKeys(join(folder, 'own.json'))).rejects.not.toThrow('belongs');
    await lchown(join(folder, 'own.json'), 1000, 1000);
    await expect(readTrustedKeys(join(folder, 'own.json'))).rejects.toThrow(
      `${join(folder, 'own.json')}: belongs to user 1000`,
    );
  });

  it('are not followed round in a circle', async () => {
    await symlink('circle', join(folder, 'circle'));
    await expect(readTrustedKeys(join(folder, 'circle'))).rejects.toThrow('ELOOP');
  });

  it('are not looked for in a folder below one that others may write', async () => {
    const open = join(folder, 'open');
    await mkdir(join(open, 'state'), { recursive: true, mode: 0o700 });
    await assertOwnFolder(join(open, 'state'));
    await chmod(open, 0o777);
    await expect(assertOwnFolder(join(open, 'state'))).rejects.toThrow(`${open} may be written by others`);
    await expect(assertOwnFolder(join(open, 'not there yet'))).rejects.toThrow(`${open} may be written`);
  });
});

it('a log file can be read by its group, whatever the umask', async () => {
  const path = join(folder, 'worker.log');
  const before = process.umask(0o077);
  try {
    const { log, reopen } = openLog({ level: 'info', file: path, hostId: 'web-1' });
    log.info('first');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await rm(path);
    reopen();
    log.info('second');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  } finally {
    process.umask(before);
  }
});

it('a ruleset file of aliases upon aliases ends with a sentence', async () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const inner = level === 0 ? 'x' : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array.from({ length: 12 }, () => inner).join(', ')}]`;
  });
  const path = join(folder, 'bomb.yaml');
  await writeFile(path, `name: edge\n${levels.join('\n')}\n`);
  await expect(readRulesetFile(path, {})).rejects.toThrow(
    `${path}:1: cannot be read: Excessive alias count indicates a resource exhaustion attack`,
  );
});
