import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, type BuildResult, build, type Plugin, transform } from 'esbuild';
import { canonicalJson, hashOf } from '#spec/canonical-json.ts';
import type { Repository } from '#spec/transform.ts';
import * as durations from '../durations.ts';
import * as door from '../index.ts';
import type { TransformExport } from './transform-exports.ts';

const doorFile = fileURLToPath(new URL('../index.ts', import.meta.url));

const durationsFile = fileURLToPath(new URL('../durations.ts', import.meta.url));
/** The only functions of the door that a transform has a use for. */
const kept = Object.keys(durations);

const makers = Object.keys(door).filter((name) => name !== 'onDemandView' && !kept.includes(name));

/**
 * A module that stands in for the definition functions: an on-demand view is its transform, everything else is what `body` returns.
 */
const standIn = (body: string): string =>
  [
    `export { ${kept.join(', ')} } from ${JSON.stringify(durationsFile)};`,
    'export const onDemandView = (name, { transform }) => transform;',
    ...makers.map((name) => `export function ${name}() {${body}}`),
  ].join('\n');
/** Never run, only hashed: the minifier drops calls of empty functions, and then their arguments. */
const emptyStandIn = standIn('');
/** Run in Lambdas, where files may go on using a definition (`stats.features.fare`): any member of nothing is nothing. */
const inertStandIn = `${standIn(' return nothing; ')}
const nothing = new Proxy(() => nothing, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => '' : nothing),
  apply: () => nothing,
});`;

const replaceDoor = (contents: string): Plugin => ({
  name: 'without-definitions',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tidemark$/ }, () => ({ path: 'definitions', namespace: 'stand-in' }));
    onLoad({ filter: /.*/, namespace: 'stand-in' }, () => ({ contents, resolveDir: '/' }));
    onLoad({ filter: /[\\/]define[\\/]index\.ts$/ }, ({ path }) =>
      path === doorFile ? { contents, resolveDir: '/' } : undefined,
    );
  },
});

/**
 * Says of every call of a definition function in the user's files that it has no effect, so that definitions which a transform does not
 * call vanish. For hashing only: it knows no syntax and would change a text that looks like such a call.
 */
const withoutEffects: Plugin = {
  name: 'without-effects',
  setup({ onLoad }) {
    const call = new RegExp(`(?<![.\\w$])(?:onDemandView|${makers.concat(kept).join('|')})\\(`, 'g');
    onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      if (/[\\/]node_modules[\\/]/.test(path)) return undefined;
      const contents = (await readFile(path, 'utf8')).replace(call, '/* @__PURE__ */ $&');
      return { contents, loader: path.endsWith('ts') ? 'ts' : 'js' };
    });
  },
};

const common = {
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'silent',
} as const satisfies BuildOptions;

const textOf = ({ outputFiles = [] }: BuildResult): string => outputFiles.map((file) => file.text).join('');

const importOf = ({ exportName, file }: TransformExport, as: string): string =>
  `import { ${exportName} as ${as} } from ${JSON.stringify(file)};`;

/**
 * Hash of a transform's code with every helper that it calls, and of Node's major version. Comments, whitespace, types and
 * other definitions of its file do not count. What stands in the same onDemandView call does (its description as well).
 */
export async function transformHash(exported: TransformExport): Promise<string> {
  const bundle = await build({
    ...common,
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [replaceDoor(emptyStandIn), withoutEffects],
    stdin: { contents: `${importOf(exported, 'transform')} export { transform };`, resolveDir: '/' },
  });
  // Once more over the whole, for where statements are joined still tells what stood between them.
  const { code } = await transform(textOf(bundle), { minifySyntax: true, minifyWhitespace: true });
  return hashOf({ code, node: process.versions.node.split('.')[0] });
}

/**
 * Text of an ES module without imports of user files that exports `repository`: the manifest, the access and the transforms by `view@version`.
 * The definition functions are not part of it.
 */
export async function bundleRepository(
  { manifest, access, folder }: Pick<Repository, 'manifest' | 'access'> & { readonly folder: string },
  transforms: readonly TransformExport[],
): Promise<string> {
  const contents = [
    ...transforms.map((transform, index) => importOf(transform, `transform${index}`)),
    'export const repository = {',
    `  manifest: JSON.parse(${JSON.stringify(canonicalJson(manifest))}),`,
    ...(access ? [`  access: JSON.parse(${JSON.stringify(canonicalJson(access))}),`] : []),
    `  transforms: { ${transforms.map(({ viewId }, index) => `${JSON.stringify(viewId)}: transform${index}`).join(', ')} },`,
    '};',
  ];
  const bundle = await build({
    ...common,
    plugins: [replaceDoor(inertStandIn)],
    minifySyntax: true, // drops what the stand-ins leave behind; names stay readable in stack traces
    sourcemap: 'inline',
    sourcesContent: false,
    absWorkingDir: folder, // paths in the text are relative to it, so that it is the same on every machine
    stdin: { contents: contents.join('\n'), resolveDir: folder, sourcefile: 'repository.ts' },
  });
  return textOf(bundle);
}
