import type { Deployment, Types } from './types.ts';

/**
 * The types of a deployment, inferred from its definitions as a module exports them: `import type * as definitions from './definitions.ts'`,
 * then `createClient<typeof definitions>`. Nothing is imported at run time. What the module does not export is not known: export entities and
 * request sources beside the services. Which entities a service needs is decided by the server alone, so every declared key may be left out here.
 */
export type DeploymentOf<TDefinitions> = TDefinitions extends Deployment
  ? TDefinitions
  : {
      readonly services: Versioned<{
        readonly [TExport in keyof TDefinitions as NameOf<TDefinitions[TExport], 'service'>]: Needs<TDefinitions> & {
          readonly features: Flat<ResultsOf<EntriesOf<TDefinitions[TExport]>>>;
        };
      }>;
      readonly views: Versioned<{
        readonly [TExport in keyof TDefinitions as NameOf<TDefinitions[TExport], ViewKind>]: Needs<TDefinitions> & {
          readonly features: FeaturesOf<TDefinitions[TExport]>;
        };
      }>;
      readonly sources: {
        readonly [TExport in keyof TDefinitions as NameOf<TDefinitions[TExport], 'stream'>]: SchemaOf<
          TDefinitions[TExport]
        >;
      };
    };

type ViewKind = 'table' | 'batch' | 'streamView' | 'onDemand';
type NameOf<TDefinition, TKind extends string> = TDefinition extends {
  readonly kind: TKind;
  readonly name: infer TName extends string;
}
  ? TName
  : never;

/** Every name also with a version. */
type Versioned<TByName> = TByName & {
  readonly [TName in keyof TByName & string as `${TName}@${number}`]: TByName[TName];
};

interface Needs<TDefinitions> {
  readonly keys: Partial<Flat<MembersOf<TDefinitions, 'entity'>>>;
  readonly request: Partial<Flat<MembersOf<TDefinitions, 'request'>>>;
}
/** A union with the keys of each entity, or the fields of each request source. */
type MembersOf<TDefinitions, TKind extends 'entity' | 'request'> = {
  [TExport in keyof TDefinitions]: TDefinitions[TExport] extends { readonly kind: TKind }
    ? TKind extends 'entity'
      ? TDefinitions[TExport] extends { readonly keys: infer TKeys }
        ? TypesIn<TKeys>
        : never
      : SchemaOf<TDefinitions[TExport]>
    : never;
}[keyof TDefinitions];

type TypesIn<TMembers> = {
  readonly [TName in keyof TMembers & string]: TMembers[TName] extends { readonly type?: infer TType }
    ? Extract<TType, string>
    : never;
};
type SchemaOf<TSource> = TSource extends { readonly schema: infer TSchema } ? TypesIn<TSchema> : never;
type FeaturesOf<TView> = TView extends { readonly features: infer TFeatures } ? TypesIn<TFeatures> : never;
type EntriesOf<TService> = TService extends { readonly entries: readonly (infer TEntry)[] } ? TEntry : never;

/** Of each entry of a service, the types by result name: of an alias, of a feature, of all features of a view. */
type ResultsOf<TEntry> = TEntry extends { readonly alias: infer TAlias extends string; readonly of: infer TFeature }
  ? { readonly [TName in TAlias]: TypeIn<TFeature> }
  : TEntry extends { readonly feature: infer TName extends string; readonly view: { readonly name: infer TView } }
    ? { readonly [TResult in `${TView & string}__${TName}`]: TypeIn<TEntry> }
    : TEntry extends { readonly name: infer TView extends string; readonly features: infer TFeatures }
      ? { readonly [TName in keyof TFeatures & string as `${TView}__${TName}`]: TypeIn<TFeatures[TName]> }
      : never;
type TypeIn<TFeature> = TFeature extends { readonly type?: infer TType } ? Extract<TType, string> : never;

/** One object type of a union of them. */
type Flat<TUnion> = [TUnion] extends [never]
  ? Types
  : (TUnion extends unknown ? (of: TUnion) => void : never) extends (of: infer TAll) => void
    ? { readonly [TName in keyof TAll]: TAll[TName] }
    : never;
