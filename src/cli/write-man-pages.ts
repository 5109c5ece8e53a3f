/** A part of the build: write-man-pages.ts FOLDER SECONDS writes a page for each command; SECONDS since 1970 are its date. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSION } from '../config/version.ts';
import { manPage, pathOf, shownSubcommands } from './man-page.ts';
import { makeProgram } from './program.ts';

const [folder = '', seconds = ''] = process.argv.slice(2);
const edition = { version: VERSION, date: new Date(Number(seconds) * 1000) };
const program = await makeProgram(
  () => true,
  () => {},
);
const commands = shownSubcommands(program);
const names = commands.map((command) => pathOf(command).join('-'));
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'fleetwall.1'), manPage(program, names, edition));
for (const command of commands)
  await writeFile(join(folder, `${pathOf(command).join('-')}.1`), manPage(command, ['fleetwall'], edition));
