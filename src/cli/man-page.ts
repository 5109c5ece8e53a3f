import type { Command, Help } from 'commander';

/** What stands in each page besides its command. */
export interface Edition {
  version: string;
  date: Date;
}

const WIDTH = 76;
/** A dash that is none of a name's. */
const DASH = '\u2013';

/** One page of section 1, in man(7), of what commander knows of a command. */
export function manPage(command: Command, others: readonly string[], { version, date }: Edition): string {
  const name = pathOf(command).join('-');
  const subs = shownSubcommands(command);
  const parts = [
    `.TH ${name.toUpperCase()} 1 ${date.toISOString().slice(0, 10)} "fleetwall ${version}" "fleetwall"`,
    '.SH NAME',
    fill(`${name} ${DASH} ${command.description()}`).replace(DASH, '\\-'),
    '.SH SYNOPSIS',
    [command, ...subs].map(synopsis).join('\n.br\n'),
    '.SH DESCRIPTION',
    sentence(command.description()),
    ...told(command, '.SH'),
    ...subs.flatMap((sub) => [
      `.SH ${pathOf(sub).join(' ').toUpperCase()}`,
      sentence(sub.description()),
      ...told(sub, '.SS'),
    ]),
    '.SH SEE ALSO',
    others.map((other) => `.BR ${escape(other)} (1)`).join(' ,\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

/** Commands that are for people. */
export function shownSubcommands(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== 'help');
}

export function pathOf(command: Command): string[] {
  return command.parent === null ? [command.name()] : [...pathOf(command.parent), command.name()];
}

function synopsis(command: Command): string {
  return `.B ${escape(pathOf(command).join(' '))}\n${escape(command.usage())}`;
}

function told(command: Command, heading: '.SH' | '.SS'): string[] {
  const help = command.createHelp();
  const given = help
    .visibleArguments(command)
    .map((argument) => entry(argument.name(), help.argumentDescription(argument)));
  const after = extraOf(command);
  return [
    ...(given.length === 0 ? [] : [`${heading} ARGUMENTS`, ...given]),
    ...optionGroups(command, help).flatMap(([name, options]) => [
      `${heading} ${name.toUpperCase()}`,
      ...options,
    ]),
    ...(command.parent === null ? commandList(command, heading) : []),
    ...after.flatMap(([name, lines]) => [
      `${heading} ${name.toUpperCase()}`,
      '.EX',
      ...lines.map(verbatim),
      '.EE',
    ]),
  ];
}

function commandList(command: Command, heading: string): string[] {
  const list = shownSubcommands(command).map((sub) => entry(`fleetwall ${sub.name()}`, sub.description()));
  return [`${heading} COMMANDS`, ...list];
}

function optionGroups(command: Command, help: Help): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const option of help.visibleOptions(command)) {
    const name = (option.helpGroupHeading ?? 'Options:').replace(/:$/, '');
    const entries = groups.get(name) ?? [];
    groups.set(name, [...entries, entry(option.flags, help.optionDescription(option))]);
  }
  return [...groups];
}

/** What the help has behind the options, by its headings, such as the examples. */
function extraOf(command: Command): [string, string[]][] {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  const extra = text.slice(text.indexOf(command.helpInformation()) + command.helpInformation().length);
  return extra.split(/^(?=\S.*:$)/m).flatMap((part): [string, string[]][] => {
    const [head = '', ...lines] = part.trim().split('\n');
    return head.endsWith(':') ? [[head.slice(0, -1), lines.map((line) => line.replace(/^ {2}/, ''))]] : [];
  });
}

function entry(term: string, description: string): string {
  return `.TP\n.B ${escape(term)}\n${sentence(description)}`;
}

function sentence(text: string): string {
  return fill(`${text[0]?.toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.'));
}

/** Text in lines that an editor shows, none of which is taken for a request. */
function fill(text: string): string {
  const lines = [''];
  for (const word of escape(text).split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map(guard).join('\n');
}

function verbatim(line: string): string {
  return guard(escape(line));
}

function guard(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** A minus is typed as it is shown, and so are quotes and carets. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}
