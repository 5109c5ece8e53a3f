/**
 * Makes one file of the types that `tsc` has written, with what a program may use and nothing else; and, in `dist-docs`, what the pages
 * of `npm run docs` are made of. Whatever is wrong with a public type or its comment ends the build: one that cannot be named as it is
 * not exported, one without a comment, a link that leads nowhere.
 */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { execa } from 'execa';

await mkdir('dist-docs', { recursive: true });
const { succeeded } = Extractor.invoke(ExtractorConfig.loadFileAndPrepare('api-extractor.json'), {
  localBuild: true,
  messageCallback: (message) => {
    // What it does, and that the last list of all exports was another one.
    if (message.messageId.startsWith('console-')) message.logLevel = ExtractorLogLevel.None;
  },
});
if (!succeeded) throw new Error('The public types are not as they have to be: see above.');
// People who follow a name into it read it. What is in `dist` is not formatted with the rest, and so it goes by the name of a source.
const { stdout } = await execa('biome', ['format', '--stdin-file-path=src/index.d.ts'], {
  inputFile: 'dist/index.d.ts',
  preferLocal: true,
});
await writeFile('dist/index.d.ts', `${stdout}\n`);
await copyFile('dist/index.d.ts', 'dist/index.d.cts');
await rm('dist/types', { recursive: true });
