import type { ScalarType } from '#spec/value-type.ts';
import type { Typed } from './column-types.ts';
import { asDefinition, type Definition, type Documentation, documentationOf } from './definition.ts';
import { originOfCaller } from './origin.ts';

/** Join keys by name: every scalar type but the floats, which have no dependable equality. */
export type Keys = Readonly<Record<string, Typed<KeyType>>>;
export type KeyType = Exclude<ScalarType, 'float32' | 'float64'>;

/** What features describe: a name and its typed join keys, in order. */
export interface Entity<TName extends string = string, TKeys extends Keys = Keys> extends Definition {
  readonly kind: 'entity';
  readonly name: TName;
  readonly keys: TKeys;
}

export interface EntityOptions<TKeys extends Keys> extends Documentation {
  /** At least one; `1001` and `"1001"` are different keys. */
  readonly keys: TKeys;
}

/** Defines an entity: `entity('driver', { keys: { driver_id: int64() }, owner: 'marketplace' })`. */
export function entity<const TName extends string, const TKeys extends Keys>(
  name: TName,
  options: EntityOptions<TKeys>,
): Entity<TName, TKeys> {
  return asDefinition({
    kind: 'entity',
    name,
    keys: options.keys,
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
}
