import type { Access } from './access.ts';
import type { Manifest } from './manifest.ts';
import type { Value } from './value-type.ts';

/** Values of one input by feature or field name. */
export type TransformInput = Readonly<Record<string, Value>>;
/**
 * The function of an on-demand view: inputs by input name, `asOf` in epoch milliseconds (request instant, or the label's event
 * time minus lag). Synchronous and pure; returns one value per declared output.
 */
export type Transform = (
  inputs: Readonly<Record<string, TransformInput>>,
  context: { readonly asOf: number },
) => Readonly<Record<string, Value>>;

/** What a bundle carries: the manifest, who may do what with it, and the transforms of its on-demand views, keyed `view@version`. */
export interface Repository {
  readonly manifest: Manifest;
  /** @default - only the deployment's own token opens anything, and opens everything */
  readonly access?: Access | undefined;
  readonly transforms: Readonly<Record<string, Transform>>;
}
