import { TestNamespace } from '../support/namespace.ts';
import { makeBases } from './bases.ts';
import { buildImages } from './build-images.ts';
import { testCluster } from './cluster.ts';
import { Engine } from './engine.ts';
import { testFleet, testMonitoring } from './fleet.ts';
import { testHost } from './host.ts';
import { inspectImage } from './inspect-image.ts';
import { testRelease } from './release.ts';
import { say } from './say.ts';
import { testUserNamespaces } from './user-namespaces.ts';

/**
 * Tests what is in docker/ with a Docker Engine: the image is built and looked at, and what README says is done, in a network
 * namespace in which no firewall of this machine is touched.
 */
const PARTS: Record<string, (engine: Engine) => Promise<void>> = {
  fleet: testFleet,
  monitoring: testMonitoring,
  host: testHost,
  cluster: testCluster,
  'user-namespaces': testUserNamespaces,
};
/** By the engine that builds, which has the network of this machine. */
const RELEASE = 'release';

const [folder = '', ...asked] = process.argv.slice(2);
const parts = Object.keys(PARTS).filter((part) => asked.length === 0 || asked.includes(part));
for (const part of asked)
  if (PARTS[part] === undefined && part !== RELEASE) throw new Error(`there is no part ${part}`);

await withEngine(undefined, async (engine) => {
  say('The images that docker/ builds on');
  await makeBases(engine, folder);
  await buildImages(engine);
  await inspectImage(engine);
  if (asked.length === 0 || asked.includes(RELEASE)) await testRelease(engine);
});
const namespace = await TestNamespace.create('nft');
try {
  await withEngine(namespace.name, async (engine) => {
    for (const part of parts) await test(part, engine);
  });
} finally {
  await namespace.remove();
}

/** What is wrong in one part does not hide what is wrong in the next. */
async function test(part: string, engine: Engine): Promise<void> {
  try {
    await PARTS[part]?.(engine);
  } catch (error) {
    console.error(error);
    const each =
      'docker inspect --format "{{.Name}} {{json .State}}" $c | cut -c-3000; docker logs --tail 20 $c 2>&1 | cut -c-500';
    const { output } = await engine.try(['sh', '-c', `for c in $(docker ps -aq); do ${each}; done`]);
    console.error(output);
    process.exitCode = 1;
  } finally {
    await engine.clear();
  }
}

async function withEngine(name: string | undefined, use: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await Engine.start({ folder, ...(name === undefined ? {} : { namespace: name }) });
  try {
    await use(engine);
  } finally {
    await engine.stop();
  }
}
