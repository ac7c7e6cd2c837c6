import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { JsonValue } from '#spec/json-value.ts';
import type { StoredView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { packedValueReader, toJsonValue } from './json-value.ts';
import { utf8Length } from './utf8.ts';

/** A stored row as the online store keeps it. */
export interface StoredRow {
  /** Null for static rows: they never expire. */
  readonly eventTimeMillis: number | null;
  /** A tombstone: it hides older rows and holds no values. */
  readonly deleted: boolean;
  /** One character per feature (see rowMarks), or null where every value is present. */
  readonly marks: string | null;
  /** By feature, in manifest order; all null in a tombstone. */
  readonly values: readonly Value[];
}

/** What a packed text holds; `unknownLayout` is a row written under a definition that this deployment does not know. */
export type Unpacked =
  | { readonly kind: 'row'; readonly row: StoredRow }
  | { readonly kind: 'unknownLayout'; readonly layout: string };

/** The parts of a stored view that name its row format. */
export type RowLayout = Pick<StoredView, 'name' | 'version' | 'layout'> & {
  readonly features: readonly Pick<StoredView['features'][number], 'type'>[];
};

/** Packed rows may not grow beyond this: DynamoDB's 400 KB less the keys, the order text and a margin. */
export const maxPackedBytes = 300_000;
const layoutLength = 8;
/** Event time, tombstone flag and marks stand before the values. */
const headLength = 3;

/**
 * Text of a row: the 8 hex characters of the layout id, then the JSON array [eventTimeMillis|null, deleted 0|1, marks|null,
 * ...values as JsonValue]. A tombstone has no values. Throws codec.rowTooLarge with the view's name beyond 300,000 UTF-8 bytes.
 */
export function packRow(view: RowLayout, row: StoredRow): string {
  const values = row.deleted ? [] : row.values.map(toJsonValue);
  const packed =
    view.layout + JSON.stringify([row.eventTimeMillis, row.deleted ? 1 : 0, row.deleted ? null : row.marks, ...values]);
  const bytes = packed.length * 3 <= maxPackedBytes ? 0 : utf8Length(packed); // a UTF-16 unit takes at most 3 bytes
  if (bytes > maxPackedBytes)
    throw new TidemarkError(
      'codec.rowTooLarge',
      `a row of view ${viewId(view)} takes ${bytes} bytes; allowed are ${maxPackedBytes}; split the view or shorten its texts and lists`,
      { details: { view: viewId(view), bytes, allowed: maxPackedBytes } },
    );
  return packed;
}

type RowReader = (json: readonly JsonValue[]) => StoredRow;

function rowReader(layout: RowLayout): RowReader {
  const readers = layout.features.map((feature) => packedValueReader(feature.type));
  // Only these positions need a look at each row; numbers among them (finite floats) are taken as they are.
  const converted = readers.flatMap((read, index) => (read ? [{ read, index }] : []));
  const absent: readonly Value[] = readers.map(() => null);
  return (json) => {
    const eventTimeMillis = headNumber(json[0]);
    if (json[1] === 1) return { eventTimeMillis, deleted: true, marks: null, values: absent };
    const packed = json.slice(headLength);
    if (packed.length !== readers.length) throw new RangeError(`${packed.length} values, not ${readers.length}`);
    const values: Value[] = packed;
    for (const { read, index } of converted) {
      const item = packed[index] ?? null;
      if (item !== null && typeof item !== 'number') values[index] = read(item);
    }
    const marks = json[2];
    return { eventTimeMillis, deleted: false, marks: typeof marks === 'string' ? marks : null, values };
  };
}

const headNumber = (json: JsonValue | undefined): number | null => (typeof json === 'number' ? json : null);

const corrupt = (packed: string, cause?: unknown): TidemarkError =>
  new TidemarkError('codec.unreadableRow', `a stored row cannot be read: ${JSON.stringify(packed.slice(0, 60))}`, {
    kind: 'failed',
    cause,
  });

function parseRow(packed: string): JsonValue[] {
  const parsed: unknown = JSON.parse(packed.slice(layoutLength));
  if (!Array.isArray(parsed) || parsed.length < headLength) throw corrupt(packed);
  return parsed; // written by packRow: the layout id before it vouches for its form
}

/**
 * A reader of packed texts of the given layouts (of all views and versions that may be read), made once: per layout it knows which
 * values need a conversion. Throws codec.unreadableRow for a text that packRow cannot have written.
 */
export function packedRowReader(layouts: readonly RowLayout[]): (packed: string) => Unpacked {
  const readers = new Map(layouts.map((layout) => [layout.layout, rowReader(layout)]));
  return (packed) => {
    const layout = packed.slice(0, layoutLength);
    const read = readers.get(layout);
    if (!read) return { kind: 'unknownLayout', layout };
    try {
      return { kind: 'row', row: read(parseRow(packed)) };
    } catch (error) {
      throw error instanceof TidemarkError ? error : corrupt(packed, error);
    }
  };
}
