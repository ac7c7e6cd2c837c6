import type { Typed } from './column-types.ts';
import type { Documentation } from './definition.ts';
import type { Names, Refuse } from './definition-error.ts';
import type { Entity } from './entity.ts';
import type { RowSource } from './row-source.ts';

/** Options that table and batch views share. */
export interface StoredViewOptions<TEntity extends Entity> extends Documentation {
  readonly entity: TEntity;
  /** A new one for every change of a feature's type, formula or window. @default 1 */
  readonly version?: number;
  /** Milliseconds, as `days(1)`: a row older than that is invisible (a row of exactly that age is visible). @default rows never expire */
  readonly ttl?: number;
  /** Milliseconds between a row's time and the moment at which serving can have it. @default 0 */
  readonly delay?: number;
  /** Whether rows are also written to the online store. @default true */
  readonly online?: boolean;
}

type KeyProblem<TEntity extends Entity, TSource extends RowSource> = {
  [TKey in keyof TEntity['keys'] & string]: TKey extends keyof TSource['schema']
    ? TSource['schema'][TKey] extends Typed<TEntity['keys'][TKey]['type']>
      ? never
      : `key "${TKey}" of entity "${TEntity['name']}" is ${TEntity['keys'][TKey]['type']}, and column "${TKey}" of source "${TSource['name']}" is ${TSource['schema'][TKey]['type']}`
    : `key "${TKey}" of entity "${TEntity['name']}" is not in source "${TSource['name']}"; it has ${Names<keyof TSource['schema']>}`;
}[keyof TEntity['keys'] & string];

/** Refuses a source that lacks a key column of the entity, or has it in another type. */
export type RefuseKeys<TEntity extends Entity, TSource extends RowSource> = string extends
  | keyof TSource['schema']
  | keyof TEntity['keys']
  ? unknown
  : Refuse<KeyProblem<TEntity, TSource>>;
