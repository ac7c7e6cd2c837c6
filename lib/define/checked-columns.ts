import type { Schema } from './column-types.ts';
import type { Names, Refuse } from './definition-error.ts';

type ColumnProblem<TColumn, TSchema extends Schema, TType extends string> = TColumn extends string
  ? TColumn extends keyof TSchema
    ? TSchema[TColumn]['type'] extends TType
      ? never
      : `column "${TColumn}" must be a ${TType}, got ${TSchema[TColumn]['type']}`
    : `column "${TColumn}" is not in the schema; it has ${Names<keyof TSchema>}`
  : never;

/** Refuses the name of a column that the schema lacks or has in another type; `unknown` where nothing is wrong or nothing is named. */
export type RefuseColumn<TColumn, TSchema extends Schema, TType extends string> = Refuse<
  ColumnProblem<TColumn, TSchema, TType>
>;
