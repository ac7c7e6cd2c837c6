import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { canonicalJson, hashOf } from '#spec/canonical-json.ts';
import type { Manifest } from '#spec/manifest.ts';
import * as durations from '../durations.ts';
import * as door from '../index.ts';
import type { TransformExport } from './transform-exports.ts';

const doorFile = fileURLToPath(new URL('../index.ts', import.meta.url));

const durationsFile = fileURLToPath(new URL('../durations.ts', import.meta.url));
/** The only functions of the door that a transform has a use for. */
const kept = Object.keys(durations);

/**
 * A module that stands in for the definition functions: an on-demand view is its transform, everything else is what `body` returns,
 * and calls whose result is not used vanish. What is left of the user's files is the transforms and the helpers that they call.
 */
const standIn = (body: string): string =>
  [
    `export { ${kept.join(', ')} } from ${JSON.stringify(durationsFile)};`,
    '/* @__NO_SIDE_EFFECTS__ */ export function onDemandView(name, { transform }) { return transform; }',
    ...Object.keys(door)
      .filter((name) => name !== 'onDemandView' && !kept.includes(name))
      .map((name) => `/* @__NO_SIDE_EFFECTS__ */ export function ${name}() {${body}}`),
  ].join('\n');
/** Never run, only hashed: empty functions let the minifier drop their arguments too. */
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

const importOf = ({ exportName, file }: TransformExport, as: string): string =>
  `import { ${exportName} as ${as} } from ${JSON.stringify(file)};`;

/**
 * Hash of a transform's code with every helper that it calls, and of Node's major version. Comments, whitespace, names of variables
 * and other definitions of its file do not count. What stands in the same onDemandView call does (its description as well).
 */
export async function transformHash(transform: TransformExport): Promise<string> {
  const { outputFiles } = await build({
    ...common,
    minify: true,
    plugins: [replaceDoor(emptyStandIn)],
    stdin: { contents: `${importOf(transform, 'transform')} export { transform };`, resolveDir: '/' },
  });
  return hashOf({ code: outputFiles.map((file) => file.text).join(''), node: process.versions.node.split('.')[0] });
}

/**
 * Text of an ES module without imports of user files that exports `repository`: the manifest and the transforms by `view@version`.
 * The definition functions are not part of it.
 */
export async function bundleRepository(
  { manifest, folder }: { readonly manifest: Manifest; readonly folder: string },
  transforms: readonly TransformExport[],
): Promise<string> {
  const contents = [
    ...transforms.map((transform, index) => importOf(transform, `transform${index}`)),
    'export const repository = {',
    `  manifest: JSON.parse(${JSON.stringify(canonicalJson(manifest))}),`,
    `  transforms: { ${transforms.map(({ viewId }, index) => `${JSON.stringify(viewId)}: transform${index}`).join(', ')} },`,
    '};',
  ];
  const { outputFiles } = await build({
    ...common,
    plugins: [replaceDoor(inertStandIn)],
    minifySyntax: true, // drops what the stand-ins leave behind; names stay readable in stack traces
    sourcemap: 'inline',
    sourcesContent: false,
    absWorkingDir: folder, // paths in the text are relative to it, so that it is the same on every machine
    stdin: { contents: contents.join('\n'), resolveDir: folder, sourcefile: 'repository.ts' },
  });
  return outputFiles.map((file) => file.text).join('');
}
