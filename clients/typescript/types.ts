/** What a feature, key or field holds, as the deployment names it: a scalar, or `list<scalar>`. */
interface Scalars {
  int32: number;
  /** Exact: beyond 2^53 too. */
  int64: bigint;
  float32: number;
  float64: number;
  string: string;
  bool: boolean;
  timestamp: Date;
  bytes: Uint8Array;
}
export type ScalarName = keyof Scalars;

/** A value that the client gives. */
type OutputOf<TType> = TType extends ScalarName
  ? Scalars[TType]
  : TType extends `list<${infer TElement extends ScalarName}>`
    ? readonly (Scalars[TElement] | null)[]
    : unknown;

/** A value that the client takes: int64 also as a safe integer or digits, timestamps also as ISO 8601 text, decimals and dates as text. */
type InputOf<TType> = TType extends 'int64'
  ? bigint | number | string
  : TType extends 'timestamp'
    ? Date | string
    : TType extends ScalarName
      ? Scalars[TType]
      : TType extends `list<${infer TElement}>`
        ? readonly (InputOf<TElement> | null)[]
        : TType extends 'date' | `decimal(${string}`
          ? string
          : unknown;

/** Names of types by name of a key, field, feature or column. */
export type Types = Readonly<Record<string, string>>;
type Presence = Readonly<Record<string, string | undefined>>;

export interface ServiceTypes {
  /** Members of an entity. */
  readonly keys: Presence;
  /** Members of a request item. */
  readonly request: Presence;
  /** Result names. */
  readonly features: Types;
}
export interface ViewTypes {
  readonly keys: Presence;
  readonly request: Presence;
  readonly features: Types;
}

/**
 * The types of a deployment: services by `name` and `name@version`, views likewise, columns of stream sources. `tidemark codegen` writes
 * one, and DeploymentOf infers one from definitions.
 */
export interface Deployment {
  readonly services: Readonly<Record<string, ServiceTypes>>;
  readonly views: Readonly<Record<string, ViewTypes>>;
  readonly sources: Readonly<Record<string, Presence>>;
}

/** Without a type argument: every name goes, and values are unknown. */
export interface AnyDeployment {
  readonly services: Readonly<Record<string, { keys: Types; request: Types; features: Types }>>;
  readonly views: Readonly<Record<string, { keys: Types; request: Types; features: Types }>>;
  readonly sources: Readonly<Record<string, Types>>;
}

/** Values by name, each of which may be null. */
export type ValuesOf<TTypes> = { readonly [TName in keyof TTypes]: OutputOf<TTypes[TName]> | null };
/** Keys of an entity: never null. */
export type KeysOf<TTypes> = { readonly [TName in keyof TTypes]: InputOf<NonNullable<TTypes[TName]>> };
/** Fields of a request: every one is sent, null is a value. */
export type FieldsOf<TTypes> = { readonly [TName in keyof TTypes]: InputOf<NonNullable<TTypes[TName]>> | null };
/** Columns of an event; a column that is left out is null. */
export type EventOf<TTypes> = { readonly [TName in keyof TTypes]?: InputOf<NonNullable<TTypes[TName]>> | null };
