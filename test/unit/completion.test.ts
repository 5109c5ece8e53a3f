import { describe, expect, it } from 'vitest';
import { complete } from '../../src/cli/completion/candidates.ts';
import { makeProgram } from '../../src/cli/program.ts';

const program = await makeProgram(
  () => true,
  () => {},
);
const NAMES = { hosts: ['web-1', 'web-2'], groups: ['web'], rulesets: ['edge'] };
const sources = {
  commands: [{ value: 'push' }, { value: 'pull' }],
  find: async (name: string) => program.commands.find((command) => command.name() === name),
  names: async (kind: keyof typeof NAMES) => NAMES[kind],
};
const offers = async (line: string, shell: 'bash' | 'zsh' = 'zsh') =>
  (await complete(shell, line.split(' '), sources)).map((each) => each.split('\t')[0]);

describe('completion', () => {
  it.each([
    ['pu', ['push', 'pull']],
    ['--h', ['--help']],
    ['help pus', ['push']],
    ['push --excl', ['--exclude']],
    ['push --confirm ', ['probe', 'manual', 'none']],
    ['push --confirm=ma', ['--confirm=manual']],
    ['push --yes --host web-', ['web-1', 'web-2']],
    ['push --host=web-1 --group=', ['--group=web']],
    ['push ', [':files']],
    ['push edge.yaml ', []],
    ['push --key ', [':files']],
    ['push -- --ho', [':files']],
    ['push --timeout ', []],
    ['status --state off', ['offline']],
    ['status --ruleset ', ['edge']],
    ['rollout edge.yaml --on-failure ro', ['rollback']],
    ['rollout resu', ['resume', ':files']],
    ['rollout resume --amqp-ur', ['--amqp-url']],
    ['rollout start ', [':files']],
    ['explain undo_p', ['undo_pending']],
    ['explain undo_pending ', []],
    ['history ', ['web-1', 'web-2']],
    ['history web-1 ', ['edge']],
    ['forget web-1 web-', ['web-1', 'web-2']],
    ['rollback ', ['edge']],
    ['schema --out ', [':folders']],
    ['completion z', ['zsh']],
    ['keys generate ', [':files']],
    ['nonsense ', []],
    ['forget --nonsense=', []],
  ])('offers behind "fleetwall %s" %j', async (line, expected) => {
    expect(await offers(line)).toEqual(expected);
  });

  it('gives bash what stands behind the equals sign, which it takes for a word of its own', async () => {
    expect(await offers('push --confirm=ma', 'bash')).toEqual(['manual']);
  });

  it('offers every option that the help tells of', async () => {
    for (const command of program.commands.filter(({ commands }) => commands.length === 0)) {
      const help = command.helpInformation();
      const told = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = '']) => flag);
      expect(new Set(await offers(`${command.name()} --`))).toEqual(new Set(told));
    }
  });
});
