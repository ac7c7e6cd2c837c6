import { parseWireJson } from '#codec/wire-json.ts';
import { type FeatureSelection, maximumFeatures } from '#engine/feature-plan.ts';
import type { ServePlan, ServePlans } from '#engine/serve/plan.ts';
import { notInVectors } from '#engine/serve/vector.ts';
import { filledVectorHash } from '#engine/vector-hash.ts';
import { fieldErrorsOf, invalidRequest, pointerOf } from '#lambdas/http/field-errors.ts';
import { checkBody } from '#lambdas/http/json-body.ts';
import type { FieldError } from '#lambdas/http/problem.ts';
import { TidemarkError } from '#spec/errors.ts';
import { answerMediaTypes } from '#spec/layout.ts';
import type { TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import type { AnswerEncoding } from './answer-encoding.ts';
import { maximumEntities, type OnlineFeaturesRequest, onlineFeaturesRequestSchema } from './event.ts';
import { type Members, readEntities, readFields } from './read-rows.ts';

/** A request that has passed every check. */
export interface CheckedRequest {
  readonly plan: ServePlan;
  /** Per row, the values of the plan's keys. */
  readonly entities: readonly (readonly Value[])[];
  /** Per row, the encoded key of each entity of the plan. */
  readonly entityKeys: readonly (readonly string[])[];
  readonly request: readonly TransformInput[];
  readonly metadata: NonNullable<OnlineFeaturesRequest['metadata']>;
  readonly int64: NonNullable<OnlineFeaturesRequest['int64']>;
  readonly consistency: NonNullable<OnlineFeaturesRequest['consistency']>;
  readonly onPartial: NonNullable<OnlineFeaturesRequest['onPartial']>;
  readonly format: NonNullable<OnlineFeaturesRequest['format']>;
  /** Finite; only with format vector. */
  readonly fill: number | undefined;
  readonly encoding: AnswerEncoding;
  /** Of npy. */
  readonly dtype: NonNullable<OnlineFeaturesRequest['dtype']>;
}

const allowedMembers = Object.keys(onlineFeaturesRequestSchema.shape);
const code = 'serve.invalidRequest';

/**
 * Reads and checks the body of a request; all its faults are reported at once, each with its JSON pointer. Throws
 * serve.invalidRequest, http.badJson, and for unknown names what planServing throws.
 */
export function readRequest(
  body: string,
  { plans, encoding }: { readonly plans: ServePlans; readonly encoding: AnswerEncoding },
): CheckedRequest {
  const json = parseBody(body);
  const parsed = checkBody(onlineFeaturesRequestSchema, json);
  const errors: FieldError[] = parsed.success ? [] : fieldErrorsOf(parsed.error.issues, allowedMembers);
  const selection = selectionOf(json, errors);
  const plan = selection && planned(selection, plans, errors);
  const format = json.format ?? (encoding === 'npy' ? 'vector' : 'rows');
  checkEncoding(json, encoding, errors);
  checkFormat({ ...json, format }, plan, errors);
  // Also of a request with other faults: what can be checked is, so that one answer tells all.
  const rows = plan ? readEntities(plan, itemsOf(json, 'entities'), errors) : undefined;
  const request = plan
    ? readFields(plan, { items: itemsOf(json, 'request'), rows: rows?.entities.length ?? 0, errors })
    : [];
  if (!parsed.success || !plan || !rows || errors.length > 0) throw invalidRequest(code, errors);
  checkVectorHash(plan, parsed.data);
  return {
    plan,
    ...rows,
    request,
    metadata: parsed.data.metadata ?? ['status'],
    int64: parsed.data.int64 ?? 'number',
    consistency: parsed.data.consistency ?? 'eventual',
    onPartial: parsed.data.onPartial ?? 'values',
    format: parsed.data.format ?? (encoding === 'npy' ? 'vector' : 'rows'),
    fill: parsed.data.fill,
    encoding,
    dtype: parsed.data.dtype ?? 'float64',
  };
}

/** Throws serve.vectorMismatch (409) where the model was trained on other vectors than these. */
function checkVectorHash(plan: ServePlan, { vectorHash, fill }: OnlineFeaturesRequest): void {
  const served = filledVectorHash(plan.vectorHash, fill);
  if (vectorHash === undefined || vectorHash === served) return;
  const of = plan.service ? `${plan.service.name}@${plan.service.version}` : 'these features';
  throw new TidemarkError(
    'serve.vectorMismatch',
    `vectorHash is ${vectorHash}, but ${of} ${fill === undefined ? 'without a fill' : `with fill ${fill}`} is ${served}: names, order, types, definitions or fill are not those that the model was trained on; ask for the version that it was trained on, or train it again`,
    { kind: 'conflict', details: { asked: vectorHash, served } },
  );
}

/** Members that do not go with how the answer is to be written. */
function checkEncoding(json: Members, encoding: AnswerEncoding, errors: FieldError[]): void {
  if (encoding === 'npy' && json.format !== undefined && json.format !== 'vector')
    errors.push({ pointer: '/format', message: `must be "vector" for ${answerMediaTypes.npy}; leave it out` });
  if (encoding !== 'npy' && json.dtype !== undefined)
    errors.push({ pointer: '/dtype', message: `is only for accept: ${answerMediaTypes.npy}; leave it out` });
  if (encoding === 'msgpack' && json.int64 === 'string')
    errors.push({ pointer: '/int64', message: 'must be "number" in msgpack, which has int64; leave it out' });
}

/** What the schema cannot tell of the format: which members go together, and whether the features are numbers. */
function checkFormat(json: Members, plan: ServePlan | undefined, errors: FieldError[]): void {
  const { format, fill, int64 } = json;
  if ((format === 'rows' || format === 'columns') && fill !== undefined)
    errors.push({ pointer: '/fill', message: 'is only for vectors; send format "vector" with it, or leave it out' });
  if (format !== 'vector') return;
  if (int64 === 'string')
    errors.push({ pointer: '/int64', message: 'must be "number" in a vector, which holds no strings; leave it out' });
  const others = plan ? notInVectors(plan) : [];
  if (others.length > 0)
    errors.push({
      pointer: '/format',
      message: `is vector, which holds numeric and bool features only, not ${others.join(', ')}; leave them out or ask for format "rows"`,
    });
}

function parseBody(body: string): Members {
  if (body.trim() === '')
    throw invalidRequest(code, [
      { pointer: '', message: 'is empty; send JSON with service or features, and entities' },
    ]);
  const json = parsedJson(body);
  if (!isMembers(json)) throw invalidRequest(code, [{ pointer: '', message: 'must be a JSON object' }]);
  return json;
}

/** The engine's message names the position and quotes what stands there: the caller's own text. */
function parsedJson(body: string): unknown {
  try {
    return parseWireJson(body);
  } catch (error) {
    const problem = error instanceof SyntaxError ? error.message : 'cannot be parsed';
    throw invalidRequest('http.badJson', [{ pointer: '', message: `is not JSON: ${problem}` }]);
  }
}

const isMembers = (json: unknown): json is Members => typeof json === 'object' && json !== null && !Array.isArray(json);

/** The items of a member as far as they have the right form; whatever has not is a fault that the schema has found. */
function itemsOf(json: Members, member: 'entities' | 'request'): readonly Members[] {
  const items = json[member];
  return Array.isArray(items) && items.length <= maximumEntities && items.every(isMembers) ? items : [];
}

function selectionOf(json: Members, errors: FieldError[]): FeatureSelection | undefined {
  const { service, features } = json;
  if (service !== undefined && features !== undefined)
    errors.push({ pointer: '/features', message: 'stands beside service; send one of the two' });
  else if (service === undefined && features === undefined)
    errors.push({ pointer: '', message: 'names no features; send service or features' });
  else if (typeof service === 'string') return { service };
  else if (isReferences(features)) return { features };
  return undefined;
}

const isReferences = (json: unknown): json is string[] =>
  Array.isArray(json) &&
  json.length > 0 &&
  json.length <= maximumFeatures &&
  json.every((item) => typeof item === 'string');

/** The plan; where it fails, every reference that fails by itself is reported, else the selection as a whole. */
function planned(selection: FeatureSelection, plans: ServePlans, errors: FieldError[]): ServePlan | undefined {
  try {
    return plans.planOf(selection);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.kind === 'failed') throw error;
    const faults = 'service' in selection ? [] : faultsOf(selection.features, plans);
    const pointer = 'service' in selection ? '/service' : '/features';
    if (faults.length === 0) faults.push({ pointer, message: error.message });
    // Alone it keeps its own code and status (404 for an unknown name).
    if (errors.length === 0) throw withErrors(error, faults);
    errors.push(...faults);
    return undefined;
  }
}

function faultsOf(references: readonly string[], plans: ServePlans): FieldError[] {
  return references.flatMap((reference, index) => {
    const fault = plans.faultOf(reference);
    return fault ? [{ pointer: pointerOf(['features', index]), message: fault.message }] : [];
  });
}

const withErrors = (error: TidemarkError, errors: readonly FieldError[]): TidemarkError =>
  new TidemarkError(error.code, error.message, { kind: error.kind, details: { errors }, cause: error });
