import { answerObject } from './answer-json.ts';

export interface NamedType {
  readonly name: string;
  readonly type: string;
}
/** What a service is: its features in the order of its values, and what a request for it must have. */
export interface ServiceDescription {
  /** `name@version`. */
  readonly id: string;
  readonly description: string;
  readonly definitionHash: string;
  /** Of its vectors without a fill. */
  readonly vectorHash: string;
  /** `feature` is `view@version:feature`. */
  readonly features: readonly (NamedType & { readonly feature: string })[];
  readonly entities: readonly { readonly name: string; readonly keys: readonly NamedType[] }[];
  readonly request: readonly NamedType[];
}

export function serviceDescription(json: unknown): ServiceDescription {
  const service = answerObject(json);
  return {
    id: service.text('id'),
    description: service.text('description'),
    definitionHash: service.text('definitionHash'),
    vectorHash: service.text('vectorHash'),
    features: service
      .list('features')
      .map((item) => ({ ...namedType(item), feature: answerObject(item).text('feature') })),
    entities: service.list('entities').map((item) => {
      const entity = answerObject(item);
      return { name: entity.text('name'), keys: entity.list('keys').map(namedType) };
    }),
    request: service.list('request').map(namedType),
  };
}

/** A view in a few words. */
export interface ViewDescription {
  /** `name@version`. */
  readonly id: string;
  readonly kind: string;
  readonly description: string;
  /** Undefined of an on-demand view. */
  readonly entity: string | undefined;
  readonly features: readonly NamedType[];
}

export function viewDescription(json: unknown): ViewDescription {
  const view = answerObject(json);
  const entity = view.optional('entity');
  return {
    id: view.text('id'),
    kind: view.text('kind'),
    description: view.text('description'),
    entity: typeof entity === 'string' ? entity : undefined,
    features: view.list('features').map(namedType),
  };
}

const namedType = (json: unknown): NamedType => {
  const named = answerObject(json);
  return { name: named.text('name'), type: named.text('type') };
};
