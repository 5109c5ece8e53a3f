import { documentedBlock } from '../support/document-blocks.ts';
import type { Engine } from './engine.ts';
import { say } from './say.ts';

const PAGE = 'docker/README-image.md';
/** The same sources as another version: another image, whose container takes the place of one that runs. */
export const NEXT_VERSION = '999.0.0';
export const NEXT_IMAGE = 'fleetwall:next';

/** Builds the image as the page says, as compose does, and as another version. The network is that of this machine, for npm and apt. */
export async function buildImages(engine: Engine): Promise<void> {
  say('The image, built from the real Dockerfile');
  const block = await documentedBlock(PAGE, 'docker build --file docker/Dockerfile --tag fleetwall .');
  const withNetwork = (commands: string) =>
    commands.replaceAll('docker build', 'docker build --network host');
  await engine.shell('.', withNetwork(block));
  say('The same by compose, and as another version: what is installed is not installed again');
  await engine.shell('docker', `docker compose --file compose.yaml --file ../test/image/network.yaml build`);
  const began = 'docker build --progress plain --file docker/Dockerfile';
  const log = await engine.shell(
    '.',
    withNetwork(`${began} --build-arg VERSION=${NEXT_VERSION} --tag ${NEXT_IMAGE} .`),
  );
  for (const step of ['RUN npm ci', 'RUN apt-get update', 'RUN npm run build']) {
    if (!new RegExp(`^#(\\d+) \\[.*${step}[^]*^#\\1 CACHED`, 'm').test(log))
      throw new Error(`${step} was done again:\n${log}`);
  }
}
