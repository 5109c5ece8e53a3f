import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../../src/cli/program.ts';

const program = await makeProgram(
  () => true,
  () => {},
);

/** Each command, and what its own commands are, with the words by which it is called. */
function everyCommand(command: Command, words: readonly string[] = []): [string, Command][] {
  return command.commands.flatMap((each) => {
    const own = [...words, each.name()];
    return [[own.join(' '), each] as [string, Command], ...everyCommand(each, own)];
  });
}
const commands = everyCommand(program);
/** Not for people. */
const shown = commands.filter(([name]) => name !== 'settle' && name !== 'complete');

/** All that is printed, with what comes after the options. */
function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

/** What is typed in the examples, each line as words from `fleetwall` on. */
function examplesOf(command: Command): string[][] {
  return [...helpOf(command).matchAll(/^ {2}\$ (.*)$/gm)].map(([, line = '']) => {
    const [, own = ''] = /\bfleetwall (.*?)(?: [|>] .*)?$/.exec(line) ?? [];
    return own.split(' ');
  });
}

describe('the help', () => {
  it('has a place for each command', () => {
    const main = helpOf(program);
    for (const heading of ['This host:', 'The fleet:', 'Set-up:']) expect(main).toContain(`\n${heading}\n`);
    expect(main).not.toContain('\nCommands:\n');
    expect(main).not.toContain('settle');
    expect(main).not.toMatch(/^ {2}complete /m);
  });

  it.each(commands)('of %s says in words what each option and argument is', (_, command) => {
    const told = [...command.options, ...command.registeredArguments];
    for (const each of told) {
      const name = 'flags' in each ? each.flags : each.name();
      const words = each.description.replace(/\(.*\)/, '').match(/[a-z]{2,}/g) ?? [];
      expect(words.length, `${name}: ${each.description}`).toBeGreaterThan(1);
      expect(each.description, name).not.toMatch(/^FLEETWALL_/);
      if (/<seconds>/.test(name)) expect(each.description, name).toMatch(/seconds|has no effect/);
    }
    expect(command.description()).not.toBe('');
  });

  it.each(commands)('of %s tells each default once, and none that is nothing', (_, command) => {
    const helper = command.createHelp();
    for (const option of command.options) {
      const description = helper.optionDescription(option);
      expect(description.match(/default\b/g)?.length ?? 0, description).toBeLessThan(2);
      expect(description).not.toMatch(/\[\]|undefined|null|\[object/);
    }
    for (const argument of command.registeredArguments) {
      expect(helper.argumentDescription(argument).match(/default\b/g)?.length ?? 0).toBeLessThan(2);
    }
  });

  it.each(shown)('of %s has examples that can be typed', async (name, command) => {
    const examples = examplesOf(command);
    expect(examples.length).toBeGreaterThan(1);
    expect(examples.length).toBeLessThan(4);
    for (const words of examples) {
      expect(words.join(' ')).toMatch(new RegExp(`^${name.replace(' start', '( start)?')}\\b`));
      if (words.at(-1) === '--help') words.pop();
      else await parse(words);
    }
  });
});

/** As the program would, but for what it would do. */
async function parse(words: readonly string[]): Promise<void> {
  const fresh = await makeProgram(
    () => true,
    () => {},
  );
  let called = 0;
  for (const [, command] of everyCommand(fresh)) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => void (called += 1));
  }
  await fresh.parseAsync(words, { from: 'user' });
  expect(called, words.join(' ')).toBe(1);
}
