import { type Backend, TestNamespace } from '../../support/namespace.ts';

/** How many milliseconds a bare restore into an empty namespace takes. */
export async function bareRestore(backend: Backend, text: string): Promise<number> {
  const namespace = await TestNamespace.create(backend);
  const start = performance.now();
  await namespace.run(`iptables-${backend}-restore`, ['-w', '5'], text);
  const duration = performance.now() - start;
  await namespace.remove();
  return duration;
}
