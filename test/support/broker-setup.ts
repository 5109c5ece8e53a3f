import type { TestProject } from 'vitest/node';
import { Rabbitmq } from './rabbitmq.ts';

declare module 'vitest' {
  interface ProvidedContext {
    brokerUrl: string;
  }
}

/** One RabbitMQ node for all the tests of a run that do not harm it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await Rabbitmq.start();
  project.provide('brokerUrl', broker.url);
  return async () => await broker.stop();
}
