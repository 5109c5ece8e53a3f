import type { Project } from './project.ts';
import { ruleset } from './project.ts';
import type { WholeHost } from './whole-host.ts';

/** Pushes a ruleset with one test, of a packet that is dropped. @returns what the command says */
export async function pushTested(fleet: Project, host: WholeHost, expected: string): Promise<string> {
  const rules = ruleset('tested', '-p tcp --dport 8081 -j DROP').trimEnd().split('\n');
  const lines = [
    'name: tested',
    'ipv4: |',
    ...rules.map((line) => `  ${line}`),
    'tests:',
    `  - { name: nobody gets in, from: ${host.broker}, protocol: tcp, port: 8081, expect: ${expected} }`,
    '',
  ];
  await fleet.engine.run(['tee', '/tmp/tested.yaml'], lines.join('\n'));
  const args = ['run', '--rm', '-T', '--volume', '/tmp/tested.yaml:/tested.yaml:ro', 'client'];
  return (await fleet.tryCompose([...args, 'push', '/tested.yaml', '--host', host.id])).output;
}
