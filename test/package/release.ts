import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { execa } from 'execa';
import { TaggedClone } from './tagged-clone.ts';

/** What is published of a version, made of a clone that has its tag: all is there, what is wrong is refused, and twice the same comes out. */
const [folder = ''] = process.argv.slice(2);
const source = join(folder, 'release');

console.log('==> A release is refused of what is not its tag');
const clone = await TaggedClone.create(source);
const { version } = clone;
assert.match(await refusal(), new RegExp(`is not v${version}`));
await clone.nameVersion();
assert.match(await refusal(), /changes that are not committed/);
await clone.tag();
await execa('rm', [join(source, 'LICENSE')]);
assert.match(await refusal(), /changes that are not committed/);
await clone.git('checkout', '--quiet', '.');

console.log('==> All that is published, twice the same');
const [once, again] = [await release('once'), await release('again')];
assert.equal(again, once);
const out = join(folder, 'once');
assert.deepEqual((await readdir(out)).toSorted(), [
  'SHA256SUMS',
  `fleetwall-${version}-docker.tar.gz`,
  `fleetwall-${version}-kubernetes.yaml`,
  `fleetwall-${version}.cdx.json`,
  `fleetwall-${version}.tgz`,
  `fleetwall_${version}-1_all.deb`,
]);
await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out });

console.log('==> The bill of materials is one of CycloneDX, and has what is installed');
const bom = await readFile(join(out, `fleetwall-${version}.cdx.json`), 'utf8');
assert.equal(await new JsonStrictValidator(Version.v1dot5).validate(bom), null);
const { dependencies, devDependencies } = JSON.parse(
  await readFile(join(source, 'package.json'), 'utf8'),
) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
const { metadata, components } = JSON.parse(bom) as {
  metadata: { component: { name: string } };
  components: { purl: string }[];
};
assert.equal(metadata.component.name, 'fleetwall');
const listed = new Set(components.map(({ purl }) => decodeURIComponent(purl)));
for (const [name, at] of Object.entries(dependencies)) assert.ok(listed.has(`pkg:npm/${name}@${at}`), name);
for (const [name, at] of Object.entries(devDependencies))
  assert.ok(!listed.has(`pkg:npm/${name}@${at}`), name);

async function refusal(): Promise<string> {
  const { exitCode, stderr } = await run('refused');
  assert.equal(exitCode, 2);
  return stderr;
}

async function release(name: string): Promise<string> {
  const { exitCode, stderr } = await run(name);
  assert.equal(exitCode, 0, stderr);
  return await readFile(join(folder, name, 'SHA256SUMS'), 'utf8');
}

/** Without the image: `npm run test:image` makes a release with it. */
async function run(name: string) {
  return await clone.release(['--without-image', join(folder, name)]);
}
