import type { Deployment, FieldsOf, KeysOf, Types } from './types.ts';

/** `name` or `name@version` of a service; the bare name is the newest version that is deployed. */
export type ServiceName<TDeployment extends Deployment> = keyof TDeployment['services'] & string;
/** `view:feature` or `view@version:feature`. */
export type FeatureRef<TDeployment extends Deployment> = string extends keyof TDeployment['views']
  ? string
  : {
      [TView in keyof TDeployment['views'] &
        string]: `${TView}:${keyof TDeployment['views'][TView]['features'] & string}`;
    }[keyof TDeployment['views'] & string];

type ViewOfRef<TRef> = TRef extends `${infer TView}:${string}` ? TView : never;
type ViewsOf<TDeployment extends Deployment, TRef> = TDeployment['views'][(string extends TRef
  ? string
  : ViewOfRef<TRef>) &
  keyof TDeployment['views']];
type BareName<TView extends string> = TView extends `${infer TName}@${string}` ? TName : TView;
type All<TUnion> = (TUnion extends unknown ? (of: TUnion) => void : never) extends (of: infer TAll) => void
  ? { readonly [TName in keyof TAll]: TAll[TName] }
  : never;

/** Types of features by result name: of a service in its order, of refs as `view__feature`. */
export type ServiceFeatures<
  TDeployment extends Deployment,
  TService extends ServiceName<TDeployment>,
> = TDeployment['services'][TService]['features'];
export type RefFeatures<TDeployment extends Deployment, TRef extends string> = string extends TRef
  ? Types
  : {
      readonly [TOne in TRef as TOne extends `${infer TView}:${infer TFeature}`
        ? `${BareName<TView>}__${TFeature}`
        : never]: TOne extends `${string}:${infer TFeature}`
        ? ViewsOf<TDeployment, TOne>['features'][TFeature & keyof ViewsOf<TDeployment, TOne>['features']]
        : never;
    };

export interface ReadOptions {
  /** `strong` sees every write that was acknowledged before, at twice the read cost. @default 'eventual' */
  readonly consistency?: 'eventual' | 'strong';
  /** `fail`: where some key cannot be read in time, nothing is answered (503, tried again). @default 'values' */
  readonly onPartial?: 'values' | 'fail';
  /** What the model was trained on, of its training set: another is refused with 409. */
  readonly vectorHash?: string;
}
export interface VectorOptions extends ReadOptions {
  /** Stands for every null; finite. @default - nulls stay */
  readonly fill?: number;
}

interface Rows<TKeys, TFields> {
  /** 1 to 100; rows of the answer keep this order. */
  readonly entities: readonly KeysOf<TKeys>[];
  /** One for all entities, or one for each. */
  readonly request?: readonly FieldsOf<TFields>[];
}

/** Entities for which the features of a service are wanted. */
export type ServiceRequest<TDeployment extends Deployment, TService extends ServiceName<TDeployment>> = {
  readonly service: TService;
} & Rows<TDeployment['services'][TService]['keys'], TDeployment['services'][TService]['request']>;

/** Entities for which listed features are wanted, 1 to 200 of them. */
export type RefsRequest<TDeployment extends Deployment, TRef extends string> = {
  readonly features: readonly TRef[];
} & Rows<All<ViewsOf<TDeployment, TRef>['keys']>, All<ViewsOf<TDeployment, TRef>['request']>>;

/** Either of them, when it is written. */
export interface AnyRequest extends VectorOptions {
  readonly service?: string;
  readonly features?: readonly string[];
  readonly entities: readonly unknown[];
  readonly request?: readonly unknown[];
  readonly eventTimes?: boolean;
  readonly dtype?: string;
}
