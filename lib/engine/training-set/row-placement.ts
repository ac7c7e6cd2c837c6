import { toBase64 } from '#codec/base64.ts';
import { fingerprintOf } from '#codec/value-hash.ts';
import { TidemarkError } from '#spec/errors.ts';
import { spineKeyColumn } from '#spec/layout.ts';
import type { Entity } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { Sample, Split } from './dataset-options.ts';

/** A row that a sample leaves out. */
export const leftOut = -1;

/** Rows to place: their event times, epoch milliseconds, and keys by the column of the staged spine. */
export interface RowsToPlace {
  readonly times: readonly number[];
  readonly keys: ReadonlyMap<string, readonly Value[]>;
}

/** What is said of rows: what a request says, and the entities of its features. */
export interface Placement {
  readonly split?: Split | undefined;
  readonly sample?: Sample | undefined;
  readonly entities: readonly Entity[];
}

/** Throws trainingSet.badSplit for an entity that the features do not have. */
export function checkPlacement({ split, sample, entities }: Placement): void {
  if (sample?.by !== undefined) entityNamed(entities, sample.by, 'sample');
  if (split?.kind === 'hash') entityNamed(entities, split.by, 'split');
}

/**
 * Number of the split (0 where there is none) of every row, or leftOut. It follows from the row's own event time and keys and from nothing
 * else: neither from the order of the rows nor from the other rows. Throws trainingSet.badSplit for an entity that the features do not have.
 */
export function placeRows(rows: RowsToPlace, { split, sample, entities }: Placement): number[] {
  const sampled = sample ? unitsOf(rows, { ...sample, purpose: 'sample', entities }) : undefined;
  const cuts = split?.kind === 'time' ? split.cutsMillis : [];
  const bounds = split?.kind === 'hash' ? cumulative(split.shares) : [];
  const hashed = split?.kind === 'hash' ? unitsOf(rows, { ...split, purpose: 'split', entities }) : undefined;
  return rows.times.map((millis, row) => {
    if (sample && (sampled?.(row) ?? 1) >= sample.share) return leftOut;
    if (hashed) {
      const unit = hashed(row);
      return bounds.filter((bound) => unit >= bound).length;
    }
    return cuts.filter((cut) => millis >= cut).length;
  });
}

/** Where each split but the first begins, in [0, 1). */
function cumulative(shares: readonly number[]): number[] {
  const bounds: number[] = [];
  let sum = 0;
  for (const share of shares.slice(0, -1)) {
    sum += share;
    bounds.push(sum);
  }
  return bounds;
}

interface Draw {
  /** Sampling and splitting draw apart: else a sample would lie in one split. */
  readonly purpose: 'sample' | 'split';
  readonly seed: number;
  readonly by?: string | undefined;
  readonly entities: readonly Entity[];
}

/**
 * A number in [0, 1) of a row: the first 53 bits of the SHA-256 of the JSON text [purpose, seed, entity, keys...], equal for all rows of an
 * entity. A row with a null among those keys belongs to no entity; it is drawn by itself, as all rows are without an entity:
 * [purpose, seed, event time, every key in the order of the entities].
 */
function unitsOf({ times, keys }: RowsToPlace, { purpose, seed, by, entities }: Draw): (row: number) => number {
  const columnsOf = (entity: Entity) =>
    entity.keys.map(({ name }) => keys.get(spineKeyColumn(entity.name, name)) ?? []);
  const every = entities.flatMap(columnsOf);
  const own = by === undefined ? undefined : columnsOf(entityNamed(entities, by, purpose));
  return (row) => {
    const ownKeys = own?.map((column) => keyText(column[row]));
    const isOfEntity = ownKeys?.every((key) => key !== null) ?? false;
    const identity =
      ownKeys && isOfEntity ? [by, ...ownKeys] : [times[row] ?? 0, ...every.map((column) => keyText(column[row]))];
    return Number(fingerprintOf(JSON.stringify([purpose, seed, ...identity])) >> 9n) / 2 ** 53;
  };
}

const keyText = (value: Value | undefined): string | null => {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? toBase64(value) : String(value);
};

function entityNamed(entities: readonly Entity[], name: string, purpose: Draw['purpose']): Entity {
  const found = entities.find((entity) => entity.name === name);
  if (found) return found;
  throw new TidemarkError(
    'trainingSet.badSplit',
    `${purpose} by ${name}: the features that are asked for are of ${entities.map((entity) => entity.name).join(', ') || 'no entity'}; name one of these entities`,
  );
}
