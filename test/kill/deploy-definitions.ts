import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployRepository } from '#cli/deploy/deploy-repository.ts';
import { type Target, targetFile } from '#cli/target.ts';
import { loadRepository } from '#define/node/load-repository.ts';
import { checkout } from '#localstack/paths.ts';
import type { Repository } from '#spec/transform.ts';

export interface DefinitionsToDeploy {
  /** A file of ./repository, or a file:// URL of definitions. */
  readonly file: string;
  /** Settings of the stage, as written in tidemark.config.ts. */
  readonly stage?: Readonly<Record<string, number>>;
}

/** Deploys one file of definitions to the suite's local cloud under a project name of its own. */
export async function deployDefinitions({
  file,
  stage = {},
}: DefinitionsToDeploy): Promise<{ readonly target: Target; readonly repository: Repository }> {
  const definitions = fileURLToPath(file.startsWith('file:') ? file : new URL(`./repository/${file}`, import.meta.url));
  const name = `kill_${basename(definitions, '.ts').replaceAll('-', '_').slice(0, 12)}_${process.pid}`;
  const folder = join(checkout.root, '.tidemark', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'tidemark.config.ts'),
    `import { defineConfig } from 'tidemark';
import * as definitions from ${JSON.stringify(definitions)};
export default defineConfig({ project: '${name}', definitions: [definitions], stages: { dev: ${JSON.stringify(stage)} } });
`,
  );
  const target = await deployRepository({
    stage: 'dev',
    repository: folder,
    local: {
      endpoint: process.env.AWS_ENDPOINT_URL ?? '',
      dynamodbEndpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    },
    targetName: name,
    talk: (line) => console.error(line),
  });
  const { repository } = await loadRepository(folder);
  rmSync(folder, { recursive: true });
  rmSync(targetFile(name));
  return { target, repository };
}
