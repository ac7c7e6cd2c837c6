import type { AccessInput } from '#spec/access.ts';
import type { StageInput } from '#spec/stage.ts';
import type { Definition } from './definition.ts';
import type { NamingLevel } from './naming.ts';

/** Definitions, or modules that export them (`import * as views from './views.ts'`); other exports of a module are passed over. */
export type Definitions = readonly (Definition | Readonly<Record<string, unknown>>)[];

/** A repository of definitions and where it is deployed. */
export interface Config<TStage extends string = string> {
  /** Part of the names of everything that is deployed. */
  readonly project: string;
  readonly definitions: Definitions;
  readonly stages: Readonly<Record<TStage, StageInput>>;
  /** What `tidemark plan` makes of aggregated features that are not named `<what>_<window>`. @default 'warn' */
  readonly naming?: NamingLevel;
  /** Who may do what over HTTP. @default - only the deployment's own token opens anything, and opens everything */
  readonly access?: AccessInput;
}

/** What `tidemark.config.ts` exports by default. Entities, sources and views that others refer to need not be listed. */
export const defineConfig = <const TStage extends string>(config: Config<TStage>): Config<TStage> => config;
