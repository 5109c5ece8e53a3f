/**
 * What `tsc` has made of the library is kept as far as it is reached from `dist/index`, and the command is bundled beside it.
 *
 * The command is in few files: to load it from as many as there are in `src` and in what it depends on takes longer than all else that
 * a start is made of. What a command needs besides stays in files of its own, which are loaded with it.
 */
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const kept = new Set([...(await reached('dist/index.js')), ...(await reached('dist/index.d.ts'))]);
for (const path of await readdir('dist', { recursive: true })) {
  if (/\.(js|ts)$/.test(path) && !kept.has(join('dist', path))) await rm(join('dist', path));
}

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
  // The second is a program of its own, which the first starts.
  entryPoints: { main: 'src/cli/main.ts', 'connect-probe': 'src/host/connect-probe.ts' },
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Names stay, for whoever reads a stack; white space is only more to read for Node.
  minifyWhitespace: true,
  legalComments: 'none',
  // What was written for CommonJS asks for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as createRequireOfNode } from 'node:module'; const require = createRequireOfNode(import.meta.url);",
  },
  plugins: [oneLanguage],
  metafile: true,
  logLevel: 'warning',
});
await writeFile(`${folder}/THIRD-PARTY-LICENSES`, await licenses(Object.keys(metafile.inputs)));
await chmod(`${folder}/main.js`, 0o755);

/** A module, or its types, with all that it imports from beside it. */
async function reached(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  const text = await readFile(path, 'utf8');
  for (const [, other] of text.matchAll(/\b(?:from|import\(?)\s*['"](\.[^'"]+)['"]/g)) {
    const target = join(dirname(path), other);
    await reached(path.endsWith('.d.ts') ? target.replace(/(?:\.d)?\.[jt]s$/, '.d.ts') : target, found);
  }
  return found;
}

/** What is in the bundle comes with its license, as most of them ask for. */
async function licenses(inputs) {
  const folders = inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '');
  const texts = [...new Set(folders)]
    .filter((path) => path !== '')
    .toSorted((a, b) => a.localeCompare(b))
    .map(licenseOf);
  return `The command contains these packages.\n\n${(await Promise.all(texts)).join('\n')}`;
}

async function licenseOf(path) {
  const { name, version, license } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const files = (await readdir(path))
    .filter((file) => /^licen[cs]e/i.test(file))
    .toSorted((a, b) => a.localeCompare(b));
  const texts = await Promise.all(files.map((file) => readFile(join(path, file), 'utf8')));
  return `---- ${name} ${version} (${license})\n\n${texts.join('\n')}`;
}
