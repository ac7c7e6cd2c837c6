import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import { type StageConfig, stageConfigSchema, stageNamePattern } from '#spec/stage.ts';
import type { Definitions } from '../config.ts';

/** The file that makes a folder a repository. */
export const configFile = 'tidemark.config.ts';

/** A repository's config with the defaults of its stages filled in. */
export interface LoadedConfig {
  readonly project: string;
  readonly definitions: Definitions;
  readonly stages: Readonly<Record<string, StageConfig>>;
}

const configSchema = z.strictObject({
  project: z.string(),
  definitions: z.array(z.custom<Definitions[number]>((value) => typeof value === 'object' && value !== null)),
  stages: z.record(z.string(), stageConfigSchema),
});

/** Imports and checks `tidemark.config.ts` of a folder. Throws define.noConfig, define.configFailed or define.wrongConfig. */
export async function loadConfig(folder: string): Promise<LoadedConfig> {
  const file = join(folder, configFile);
  if (!(await stat(file).catch(() => undefined))?.isFile())
    throw new TidemarkError(
      'define.noConfig',
      `there is no ${configFile} in ${folder}; name a folder that has one, or write it: export default defineConfig({ project, definitions, stages })`,
      { kind: 'notFound', details: { folder } },
    );
  const module = await importFile(file);
  if (!('default' in module))
    throw wrong(file, 'it has no default export; write export default defineConfig({ project, definitions, stages })');
  const parsed = configSchema.safeParse(module.default);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      (issue) => `${issue.path.join('.') || 'the default export'}: ${issue.message}`,
    );
    throw wrong(file, issues.join('; '));
  }
  const stages = Object.keys(parsed.data.stages);
  if (stages.length === 0) throw wrong(file, 'stages is empty; give at least one, as stages: { dev: {} }');
  for (const stage of stages)
    if (!stageNamePattern.test(stage))
      throw wrong(
        file,
        `stage ${JSON.stringify(stage)} must match ${stageNamePattern.source}, for stacks are named after it`,
      );
  return parsed.data;
}

async function importFile(file: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TidemarkError('define.configFailed', `${file} cannot be loaded: ${reason}`, { cause: error });
  }
}

const wrong = (file: string, problem: string): TidemarkError =>
  new TidemarkError('define.wrongConfig', `${file} is not a config: ${problem}`, { details: { file } });
