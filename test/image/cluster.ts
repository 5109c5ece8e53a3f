import type { Engine } from './engine.ts';
export async function testCluster(_engine: Engine): Promise<void> {}
