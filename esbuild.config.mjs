/**
 * Bundles the library, without the packages that it depends on, and the command, with them; and the page of the console, for browsers.
 *
 * The command is in few files: to load it from as many as there are in `src` and in what it depends on takes longer than all else that
 * a start is made of. What a command needs besides stays in files of its own, which are loaded with it.
 */
import { chmod, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const common = { bundle: true, format: 'esm', platform: 'node', target: 'node20.19', logLevel: 'warning' };

await build({ ...common, entryPoints: ['src/index.ts'], outfile: 'dist/index.js', packages: 'external' });
// Node 20.19 and later can require an ECMAScript module. So all parts of a program get the very same classes, however they load them.
await writeFile('dist/index.cjs', "module.exports = require('./index.js');\n");

const folder = 'dist/cli';
await rm(folder, { recursive: true, force: true });
/** zod can tell of problems in fifty languages, and is asked for one: the others are a fifth of all that would be loaded. */
const oneLanguage = {
  name: 'one-language',
  setup({ onResolve }) {
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ resolveDir }) => ({
      path: join(resolveDir, '../locales/en.js'),
    }));
  },
};

const { metafile } = await build({
  ...common,
  // The second is a program of its own, which the first starts.
  entryPoints: { main: 'src/cli/main.ts', 'connect-probe': 'src/host/connect-probe.ts' },
  outdir: folder,
  splitting: true,
  // Names stay, for whoever reads a stack; white space is only more to read for Node.
  minifyWhitespace: true,
  legalComments: 'none',
  // What was written for CommonJS asks for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as createRequireOfNode } from 'node:module'; const require = createRequireOfNode(import.meta.url);",
  },
  plugins: [oneLanguage],
  metafile: true,
});
await writeFile(`${folder}/THIRD-PARTY-LICENSES`, await licenses('command', metafile));
await chmod(`${folder}/main.js`, 0o755);

const page = 'src/console/page';
const pageFolder = 'dist/console';
await rm(pageFolder, { recursive: true, force: true });
const { metafile: ofPage } = await build({
  bundle: true,
  entryPoints: [
    { in: `${page}/main.tsx`, out: 'console' },
    { in: `${page}/style/console.css`, out: 'console' },
  ],
  outdir: pageFolder,
  format: 'esm',
  platform: 'browser',
  // Browsers of the last two years.
  target: ['chrome130', 'firefox132', 'safari18'],
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
});
for (const name of ['index.html', 'icon.svg']) await copyFile(`${page}/${name}`, `${pageFolder}/${name}`);
await writeFile(`${pageFolder}/THIRD-PARTY-LICENSES`, await licenses('page', ofPage));

/** What is in the bundle comes with its license, as most of them ask for. */
async function licenses(what, { inputs }) {
  const folders = Object.keys(inputs).map(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '',
  );
  const texts = [...new Set(folders)]
    .filter((path) => path !== '')
    .toSorted((a, b) => a.localeCompare(b))
    .map(licenseOf);
  return `The ${what} contains these packages.\n\n${(await Promise.all(texts)).join('\n')}`;
}

async function licenseOf(path) {
  const { name, version, license } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const files = (await readdir(path))
    .filter((file) => /^licen[cs]e/i.test(file))
    .toSorted((a, b) => a.localeCompare(b));
  const texts = await Promise.all(files.map((file) => readFile(join(path, file), 'utf8')));
  return `---- ${name} ${version} (${license})\n\n${texts.join('\n')}`;
}
