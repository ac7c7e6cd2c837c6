import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { hashOf } from '#spec/canonical-json.ts';

const packageRoot = resolve(import.meta.dirname, '../..');
const entriesFolder = join(packageRoot, '.tidemark/entries');

/**
 * Code of lambdas/<name> with a repository inside, as one ESM file `index.mjs` that exports `handler`. Bundled by esbuild's own API: the
 * CDK's NodejsFunction starts npx for each function, which costs as much again as bundling.
 */
export function bundledCode(name: string, repositoryModule: string): Code {
  const entry = writeEntry(name, repositoryModule);
  return Code.fromAsset(dirname(entry), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('unused'), // the CDK asks for one; bundling is always local
      local: {
        tryBundle(outputFolder: string): boolean {
          bundle(entry, outputFolder);
          return true;
        },
      },
    },
  });
}

/** The same bytes for the same sources, wherever the output folder lies. */
function bundle(entry: string, outputFolder: string): void {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    absWorkingDir: packageRoot,
    // Nothing is written there: source maps name sources relative to it, so it must not be the CDK's changing folder.
    outfile: join(dirname(entry), 'index.mjs'),
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'], // a third smaller than CommonJS builds of the same packages
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'error',
  });
  for (const file of outputFiles) writeFileSync(join(outputFolder, basename(file.path)), file.contents);
}

/** Writes the two lines that join a handler to a repository; the path is the same for the same pair, on every synth. */
function writeEntry(name: string, repositoryModule: string): string {
  const entry = join(entriesFolder, hashOf(relative(packageRoot, repositoryModule)).slice(0, 8), name, 'entry.ts');
  const path = (file: string): string => JSON.stringify(`./${relative(dirname(entry), file).replaceAll('\\', '/')}`);
  const text = [
    `import { createHandler } from ${path(join(packageRoot, 'lambdas', name, 'handler.ts'))};`,
    `import { repository } from ${path(resolve(repositoryModule))};`,
    'export const handler = createHandler(repository);',
    '',
  ].join('\n');
  if (existsSync(entry) && readFileSync(entry, 'utf8') === text) return entry;
  mkdirSync(dirname(entry), { recursive: true });
  // Written aside and renamed: another synth of the same repository may read it at this moment.
  const draft = `${entry}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, entry);
  return entry;
}
