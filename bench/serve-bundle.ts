import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

export interface ServeBundle {
  readonly file: string;
  readonly bytes: number;
  /** Source files inside, relative to the repository. */
  readonly modules: readonly string[];
}

/** Bundles the serving function as ServiceFunction (lib/infra) does, and removes it after `use`. */
export async function withServeBundle<T>(use: (bundle: ServeBundle) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bundle-'));
  try {
    const entry = join(folder, 'entry.ts');
    const path = (file: string): string => JSON.stringify(join(root, file));
    writeFileSync(
      entry,
      `import { createHandler } from ${path('lambdas/serve-features/handler.ts')};
import { repository } from ${path('bench/serve-repository.ts')};
export const handler = createHandler(repository);
`,
    );
    const file = join(folder, 'index.mjs');
    const { metafile } = await build({
      entryPoints: [entry],
      outfile: file,
      absWorkingDir: root,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      mainFields: ['module', 'main'],
      minify: true,
      sourcemap: true,
      sourcesContent: false,
      metafile: true,
      logLevel: 'error',
    });
    const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
    if (!output) throw new Error('esbuild wrote no bundle');
    const modules = Object.entries(output.inputs).flatMap(([name, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [name] : [],
    );
    return await use({ file, bytes: output.bytes, modules });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
