import { asDefinition, type Definition, type Documentation, documentationOf } from './definition.ts';
import { originOfCaller } from './origin.ts';
import type { FeatureHandle, View } from './view.ts';

/** A feature under a result name of its own. */
export interface Alias {
  readonly alias: string;
  readonly of: FeatureHandle;
}
/** A feature, all features of a view in their order, or a feature with an alias. */
export type ServiceEntry = FeatureHandle | View | Alias;

/** The ordered, versioned list of features that one model uses. */
export interface FeatureService<TName extends string = string> extends Definition {
  readonly kind: 'service';
  readonly name: TName;
  readonly version: number;
  readonly entries: readonly ServiceEntry[];
}

export interface FeatureServiceOptions extends Documentation {
  /** @default 1 */
  readonly version?: number;
}

/** Names a feature in results other than `view__feature`: `alias('amount', request.features.amount)`. */
export const alias = (name: string, of: FeatureHandle): Alias => ({ alias: name, of });

/** Defines a model's features: `featureService('fraud', [driverStats.features.avg_fare_30d, tripFeatures])`. */
export function featureService<const TName extends string>(
  name: TName,
  entries: readonly ServiceEntry[],
  options: FeatureServiceOptions = {},
): FeatureService<TName> {
  return asDefinition({
    kind: 'service',
    name,
    version: options.version ?? 1,
    entries,
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
}
