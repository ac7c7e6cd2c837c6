import { type MsgpackValueWriter, MsgpackWriter, msgpackValueWriter } from '#codec/msgpack-write.ts';
import { filledVectorHash } from '#engine/vector-hash.ts';
import type { Value } from '#spec/value-type.ts';
import { type ServePlan, viewIdsOf } from './plan.ts';
import type { ResponseContext } from './response-context.ts';
import type { Served, ServedRow } from './serve-features.ts';

type Write = (to: MsgpackWriter) => void;
type Member = readonly [name: string, write: Write];
/** Writes what a row has for one of the names. */
type WriteCell = (to: MsgpackWriter, row: ServedRow, index: number) => void;

const map =
  (members: readonly Member[]): Write =>
  (to) => {
    to.map(members.length);
    for (const [name, write] of members) {
      to.text(name);
      write(to);
    }
  };
const list =
  <TItem>(items: readonly TItem[], write: (to: MsgpackWriter, item: TItem, index: number) => void): Write =>
  (to) => {
    to.list(items.length);
    for (const [index, item] of items.entries()) write(to, item, index);
  };
const texts = (items: readonly string[]): Write => list(items, (to, item) => to.text(item));
const textOrNil =
  (value: string | undefined): Write =>
  (to) =>
    value === undefined ? to.nil() : to.text(value);

export type MsgpackResponseWriter = (served: Served, context: ResponseContext) => Uint8Array<ArrayBuffer>;

/**
 * Prepares the writer of answers in MessagePack: the members of the JSON answer of the same format, with values of their own types (int64, float32, bytes,
 * timestamps, also in metadata), NaN and infinities as floats.
 */
export function msgpackResponseWriter(plan: ServePlan, format: 'rows' | 'columns' | 'vector'): MsgpackResponseWriter {
  const writers = plan.types.map((type) => (format === 'vector' && type === 'bool' ? bit : msgpackValueWriter(type)));
  const keys = plan.keys.map(({ name, type }) => ({ name, write: msgpackValueWriter(type) }));
  return (served, context) => {
    const { entities, metadata, fill } = context;
    const cells = facetsOf(context);
    const value: WriteCell = (to, { values }, index) => {
      const given = values[index] ?? null;
      if (given === null && fill !== undefined) to.float64(fill);
      else writers[index]?.(to, given);
    };
    const ofRow = (row: ServedRow, write: WriteCell): Write =>
      list(plan.names, (to, _, index) => write(to, row, index));
    const byColumn = (write: WriteCell): Write =>
      list(plan.names, (to, _, index) => list(served.rows, (into, row) => write(into, row, index))(to));
    const rowMembers = (row: ServedRow, key: readonly Value[]): Member[] => [
      ['entity', map(keys.map(({ name, write }, index) => [name, (to) => write(to, key[index] ?? null)]))],
      [format === 'vector' ? 'vector' : 'values', ofRow(row, value)],
      ...(fill === undefined ? [] : [filledOf(row)]),
      ...cells.map(([name, write]): Member => [name, ofRow(row, write)]),
    ];
    const columnMembers = (): Member[] => [
      [
        'entities',
        map(keys.map(({ name, write }, at) => [name, list(entities, (to, key) => write(to, key[at] ?? null))])),
      ],
      ['columns', byColumn(value)],
      ...cells.map(([name, write]): Member => [name, byColumn(write)]),
    ];
    const rows = list(served.rows, (to, row, index) => map(rowMembers(row, entities[index] ?? []))(to));
    const to = new MsgpackWriter();
    map([
      ['names', texts(plan.names)],
      ...(metadata.includes('version') ? [['versions', texts(viewIdsOf(plan))] as const] : []),
      ...(metadata.includes('type') ? [['types', texts(plan.types)] as const] : []),
      ...(format === 'columns' ? columnMembers() : [['rows', rows] as const]),
      ['meta', map(metaMembers(plan, served, { ...context, isVector: format === 'vector' }))],
    ])(to);
    return to.finish();
  };
}

const bit: MsgpackValueWriter = (to, value) => (value === null ? to.nil() : to.int32(value === true ? 1 : 0));

/** Positions that hold the fill. */
const filledOf = ({ values }: ServedRow): Member => [
  'filled',
  list(
    values.flatMap((value, index) => (value === null ? [index] : [])),
    (to, index) => to.int32(index),
  ),
];

/** What stands beside the values, of what was asked for. */
function facetsOf({ metadata, asOfMillis }: ResponseContext): (readonly [name: string, write: WriteCell])[] {
  const ofTime =
    (write: (to: MsgpackWriter, millis: number) => void): WriteCell =>
    (to, { eventTimes }, index) => {
      const millis = eventTimes[index] ?? null;
      if (millis === null) to.nil();
      else write(to, millis);
    };
  const facets: readonly (readonly [name: (typeof metadata)[number], write: WriteCell])[] = [
    ['status', (to, { status }, index) => to.text(status[index] ?? 'ERROR')],
    ['eventTime', ofTime((to, millis) => to.timestamp(millis))],
    ['ageMillis', ofTime((to, millis) => to.int64(BigInt(asOfMillis - millis)))],
  ];
  return facets.filter(([name]) => metadata.includes(name));
}

function metaMembers(
  { service, vectorHash }: ServePlan,
  { partial }: Served,
  context: ResponseContext & { readonly isVector: boolean },
): Member[] {
  const { asOfMillis, requestId, manifestHash, fill, isVector } = context;
  return [
    ['asOf', (to) => to.timestamp(asOfMillis)],
    ['service', textOrNil(service?.name)],
    ['version', (to) => (service ? to.int32(service.version) : to.nil())],
    ['definitionHash', (to) => to.text(service?.definitionHash ?? manifestHash)],
    ['partial', (to) => to.bool(partial)],
    ['requestId', (to) => to.text(requestId)],
    ...(isVector ? [['vectorHash', (to: MsgpackWriter) => to.text(filledVectorHash(vectorHash, fill))] as const] : []),
    ...(fill === undefined ? [] : [['fill', (to: MsgpackWriter) => to.float64(fill)] as const]),
  ];
}
