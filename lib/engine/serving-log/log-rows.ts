import { type EventRow, eventJson } from '#codec/event-json.ts';
import { utf8Bytes } from '#codec/utf8.ts';
import { wireWriter } from '#codec/wire-json.ts';
import type { ServePlan } from '#engine/serve/plan.ts';
import type { Served } from '#engine/serve/serve-features.ts';
import { isList } from '#semantics/value.ts';
import { servingLogSource } from '#spec/serving-log.ts';
import type { TransformInput } from '#spec/transform.ts';
import { elementType, type FeatureType, isFloatType, isListType, type Value } from '#spec/value-type.ts';
import type { NewRecord } from '#store/event-stream.ts';

/** An answer as it was given. Nothing in it changes afterwards, so it can wait to be written. */
export interface Answered {
  readonly plan: ServePlan;
  /** Per row, the values of the plan's keys. */
  readonly entities: readonly (readonly Value[])[];
  /** Request fields: none, one record for all rows, or one per row. */
  readonly request: readonly TransformInput[];
  readonly served: Served;
  readonly asOfMillis: number;
  readonly requestId: string;
}

/** Records of an answer's rows, in their order, numbered from `first` on. */
export function logRecords(answered: Answered, writer: string, first: number): NewRecord[] {
  const { plan, entities, served } = answered;
  const { service } = plan;
  const writeEntity = objectWriter(plan.keys);
  const writeRequest = objectWriter(plan.requestFields);
  const writeFeatures = objectWriter(plan.names.map((name, at) => ({ name, type: plan.types[at] ?? 'string' })));
  return served.rows.map(({ values, status }, at): NewRecord => {
    const fields = answered.request[answered.request.length === 1 ? 0 : at] ?? {};
    const row: EventRow = {
      writer,
      number: BigInt(first + at),
      service: service?.name ?? null,
      version: service?.version ?? null,
      definition_hash: service?.definitionHash ?? null,
      vector_hash: plan.vectorHash,
      request_id: answered.requestId,
      as_of: answered.asOfMillis,
      partial: served.partial,
      entity: writeEntity(entities[at] ?? []),
      request:
        plan.requestFields.length === 0
          ? null
          : writeRequest(plan.requestFields.map(({ name }) => fields[name] ?? null)),
      features: writeFeatures(values),
      statuses: status === plan.allPresent ? null : statusText(plan.names, status),
    };
    return { partitionKey: writer, data: utf8Bytes(eventJson(servingLogSource, row)) };
  });
}

/** wireWriter keeps every bit but the sign of zero, which a transform can tell. */
function exactWriter(type: FeatureType): (value: Value) => string {
  const scalar = isListType(type) ? elementType(type) : type;
  if (!isFloatType(scalar)) return wireWriter(type);
  const write = wireWriter(scalar);
  const exact = (value: Value): string =>
    isList(value) ? `[${value.map(exact).join(',')}]` : Object.is(value, -0) ? '-0' : write(value);
  return exact;
}

/** Writes values, which stand in the order of the members, as a JSON object. */
function objectWriter(
  members: readonly { readonly name: string; readonly type: FeatureType }[],
): (values: readonly Value[]) => string {
  const writers = members.map(({ name, type }) => ({ prefix: `${JSON.stringify(name)}:`, write: exactWriter(type) }));
  return (values) => `{${writers.map(({ prefix, write }, at) => prefix + write(values[at] ?? null)).join(',')}}`;
}

const statusText = (names: readonly string[], status: readonly string[]): string =>
  JSON.stringify(
    Object.fromEntries(
      names.flatMap((name, at) => (status[at] === 'PRESENT' ? [] : [[name, status[at] ?? 'ERROR'] as const])),
    ),
  );
