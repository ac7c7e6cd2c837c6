import type { Manifest } from '#spec/manifest.ts';
import type { StageConfig } from '#spec/stage.ts';

/** A stage of tidemark.config.ts with its name. */
export interface Stage extends StageConfig {
  readonly name: string;
}

/** What every part of a deployment is made from. */
export interface DeploymentProps {
  readonly manifest: Manifest;
  /** Path of the generated module that exports `repository` (manifest and transforms); each Lambda bundle includes it. */
  readonly repositoryModule: string;
  readonly stage: Stage;
}
