import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Access, accessSchema } from '#spec/access.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type StageConfig, stageNamePattern, stagesSchema } from '#spec/stage.ts';
import type { Definitions } from '../config.ts';
import { type NamingLevel, namingLevels } from '../naming.ts';

/** The file that makes a folder a repository. */
export const configFile = 'tidemark.config.ts';

/** A repository's config with all defaults filled in. */
export interface LoadedConfig {
  readonly project: string;
  readonly definitions: Definitions;
  readonly stages: Readonly<Record<string, StageConfig>>;
  readonly naming: NamingLevel;
  readonly access?: Access | undefined;
}

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
  return checked(file, module.default);
}

const members = ['project', 'definitions', 'stages', 'naming', 'access'];

function checked(file: string, config: unknown): LoadedConfig {
  if (typeof config !== 'object' || config === null) throw wrong(file, `it must be an object, got ${typeof config}`);
  const unknown = Object.keys(config).filter((member) => !members.includes(member));
  if (unknown.length > 0) throw wrong(file, `unknown ${unknown.join(', ')}; it has ${members.join(', ')}`);
  const { project, definitions, stages, naming = 'warn', access } = config as Readonly<Record<string, unknown>>; // members are checked one by one
  if (typeof project !== 'string') throw wrong(file, "project must be a name, as project: 'fraud'");
  if (!Array.isArray(definitions) || definitions.some((item) => typeof item !== 'object' || item === null))
    throw wrong(file, 'definitions must be a list of definitions or of modules that export them');
  const level = namingLevels.find((known) => known === naming);
  if (level === undefined)
    throw wrong(file, `naming must be one of ${namingLevels.join(', ')}, got ${JSON.stringify(naming)}`);
  return {
    project,
    definitions,
    stages: checkedStages(file, stages),
    naming: level,
    access: checkedAccess(file, access),
  };
}

function checkedStages(file: string, stages: unknown): LoadedConfig['stages'] {
  const parsed = stagesSchema.safeParse(stages);
  if (parsed.success && Object.keys(parsed.data).length > 0) return parsed.data;
  if (!parsed.error) throw wrong(file, 'stages is empty; give at least one, as stages: { dev: {} }');
  throw wrong(file, problemsIn('stages', parsed.error.issues));
}

function checkedAccess(file: string, access: unknown): Access | undefined {
  if (access === undefined) return undefined;
  const parsed = accessSchema.safeParse(access);
  if (parsed.success) return parsed.data;
  throw wrong(file, problemsIn('access', parsed.error.issues));
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly code: string;
  readonly message: string;
  readonly keys?: readonly string[];
}

const problemsIn = (member: string, issues: readonly Issue[]): string =>
  issues
    .map(({ path, code, message, keys }) => {
      const at = [member, ...path].join('.');
      if (code === 'unrecognized_keys') return `${at} has unknown ${keys?.join(', ')}`;
      if (code === 'invalid_key' && member === 'stages')
        return `${at}: a stage's name must match ${stageNamePattern.source}`;
      return `${at}: ${message}`;
    })
    .join('; ');

async function importFile(file: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TidemarkError('define.configFailed', `${file} cannot be loaded: ${reason}`, { cause: error });
  }
}

/** Thrown for a config that says what cannot be. */
export const wrong = (file: string, problem: string): TidemarkError =>
  new TidemarkError('define.wrongConfig', `${file} is not a config: ${problem}`, { details: { file } });
