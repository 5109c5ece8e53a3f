import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { environmentName, SETTING_NAMES } from '../../src/config/worker-settings.ts';
import { contextPaths, DOCKERFILE, parseDockerfile, parsePairs } from '../package/dockerfile.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = await readFile(DOCKERFILE, 'utf8');
const instructions = parseDockerfile(text);
const restsOf = (keyword: string) =>
  instructions.filter((instruction) => instruction.keyword === keyword).map(({ rest }) => rest);

describe('the Dockerfile', () => {
  it('passes a linter, which refuses a wrong one', () => {
    expect(validate(text)).toEqual([]);
    expect(validate(text.replace('--interval=30s', '--interval=30'))).not.toEqual([]);
  });

  it('copies exactly what is in the build context, and all of that exists', async () => {
    const context = await contextPaths();
    const copies = instructions.filter(({ keyword, flags }) => keyword === 'COPY' && !flags.has('from'));
    const copied = copies.flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    expect(copied.toSorted().filter((path) => !context.includes(path))).toEqual([]);
    expect(context.filter((path) => !copied.includes(path))).toEqual([]);
    for (const path of context) await expect(stat(join(ROOT, path))).resolves.toBeDefined();
  });

  it('has the version of the package', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(restsOf('ARG')).toContain(`VERSION=${version}`);
  });

  it('pins its base images, and sets only settings that exist', () => {
    const images = restsOf('ARG')
      .flatMap(parsePairs)
      .filter(([name]) => name.endsWith('_IMAGE'));
    expect(images.map(([, image]) => image)).toEqual([
      expect.stringMatching(/^node:\d+\.\d+\.\d+-\w+-slim$/),
      expect.stringMatching(/^debian:\d+\.\d+-slim$/),
    ]);
    const known = new Set(SETTING_NAMES.map(environmentName));
    const names = restsOf('ENV')
      .flatMap(parsePairs)
      .map(([name]) => name);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});
