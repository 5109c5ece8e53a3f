import type { Engine } from './engine.ts';
export async function testHost(_engine: Engine): Promise<void> {}
