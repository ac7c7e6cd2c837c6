import { asDefinition, type Definition, type Documentation, documentationOf } from './definition.ts';
import { originOfCaller } from './origin.ts';
import type { FeatureHandle, View } from './view.ts';

/** A feature under a result name of its own. */
export interface Alias<TAlias extends string = string, TFeature extends FeatureHandle = FeatureHandle> {
  readonly alias: TAlias;
  readonly of: TFeature;
}
/** A feature, all features of a view in their order, or a feature with an alias. */
export type ServiceEntry = FeatureHandle | View | Alias;

/** The ordered, versioned list of features that one model uses. Its type knows them, so that clients know the names and types of an answer. */
export interface FeatureService<
  TName extends string = string,
  TEntries extends readonly ServiceEntry[] = readonly ServiceEntry[],
> extends Definition {
  readonly kind: 'service';
  readonly name: TName;
  readonly version: number;
  readonly entries: TEntries;
  readonly serving: ServingOptions;
}

/** How a service is answered besides by reading the store; durations are ages of what was read. */
interface ServingOptions {
  /**
   * What is answered, with status FALLBACK, for keys that the store does not give in time: the declared defaults, or what the same process
   * has read of them at most `within` ago (at most a day), else the defaults. @default 'fail' - ERROR, and 503 where it is all
   */
  readonly onUnavailable?: 'fail' | 'default' | { readonly lastKnown: { readonly within: number } };
  /**
   * What was read is served again until it is `ttl` old (at most a day), so an answer may lack the writes of that long; `negativeTtl`: that
   * there is no row (at most `ttl`, the default; 0 never). @default - every request reads the store
   */
  readonly cache?: { readonly ttl: number; readonly negativeTtl?: number };
}

export interface FeatureServiceOptions extends Documentation, ServingOptions {
  /** @default 1 */
  readonly version?: number;
}

/** Names a feature in results other than `view__feature`: `alias('amount', request.features.amount)`. */
export const alias = <const TAlias extends string, TFeature extends FeatureHandle>(
  name: TAlias,
  of: TFeature,
): Alias<TAlias, TFeature> => ({ alias: name, of });

/** Defines a model's features: `featureService('fraud', [driverStats.features.avg_fare_30d, tripFeatures])`. */
export function featureService<const TName extends string, const TEntries extends readonly ServiceEntry[]>(
  name: TName,
  entries: TEntries,
  options: FeatureServiceOptions = {},
): FeatureService<TName, TEntries> {
  return asDefinition({
    kind: 'service',
    name,
    version: options.version ?? 1,
    entries,
    serving: {
      ...(options.onUnavailable !== undefined && { onUnavailable: options.onUnavailable }),
      ...(options.cache !== undefined && { cache: options.cache }),
    },
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
}
