import { encodeEntityKey } from '#codec/entity-key.ts';
import { readWireValue, type WireReading } from '#codec/wire-json.ts';
import type { ServePlan } from '#engine/serve/plan.ts';
import { pointerOf } from '#lambdas/http/field-errors.ts';
import type { FieldError } from '#lambdas/http/problem.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { TransformInput } from '#spec/transform.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';

/** The members of an entity or of a request item, as they came. */
export type Members = Readonly<Record<string, unknown>>;

/** Not what every object inherits: `constructor` is a legal name. */
const own = (item: Members, name: string): unknown => (Object.hasOwn(item, name) ? item[name] : undefined);

/** A key is never null: a null key matches nothing, so asking for it is a mistake. */
function readKey(type: FeatureType, json: unknown): WireReading {
  if (json === undefined) return { problem: `is missing; it must be ${type}` };
  return json === null
    ? { problem: `must be ${type}, got null; a null key matches no entity` }
    : readWireValue(type, json);
}

/** A field may be null, but must be sent. */
const readField = (type: FeatureType, json: unknown): WireReading =>
  json === undefined ? { problem: `is missing; it must be ${type} or null` } : readWireValue(type, json);

export interface EntityRows {
  readonly entities: (readonly Value[])[];
  readonly entityKeys: (readonly string[])[];
}

/** Reads and encodes the keys of every entity; faults are added to `errors`, and their rows left out. */
export function readEntities(plan: ServePlan, items: readonly Members[], errors: FieldError[]): EntityRows {
  const rows: EntityRows = { entities: [], entityKeys: [] };
  const allowed = plan.keys.map((key) => key.name);
  for (const [row, item] of items.entries()) {
    const before = errors.length;
    const values = plan.keys.map(({ name, type }): Value => {
      const read = readKey(type, own(item, name));
      if ('value' in read) return read.value;
      errors.push({ pointer: pointerOf(['entities', row, name]), message: read.problem });
      return null;
    });
    refuseOthers(item, allowed, (name, message) =>
      errors.push({ pointer: pointerOf(['entities', row, name]), message }),
    );
    if (errors.length > before) continue;
    try {
      rows.entityKeys.push(
        plan.entities.map((entity, index) =>
          encodeEntityKey(
            entity,
            (plan.keyPositions[index] ?? []).map((position) => values[position] ?? null),
          ),
        ),
      );
      rows.entities.push(values);
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      errors.push({ pointer: pointerOf(['entities', row]), message: error.message });
    }
  }
  return rows;
}

function refuseOthers(
  item: Members,
  allowed: readonly string[],
  report: (name: string, message: string) => void,
): void {
  for (const name of Object.keys(item))
    if (!allowed.includes(name))
      report(name, `is not used by these features; allowed: ${allowed.join(', ') || 'none'}`);
}

export interface RequestItems {
  readonly items: readonly Members[];
  readonly rows: number;
  readonly errors: FieldError[];
}

/** One record for all rows or one per row. Without request fields there is nothing to read, and nothing may be sent. */
export function readFields(plan: ServePlan, { items, rows, errors }: RequestItems): TransformInput[] {
  const allowed = plan.requestFields.map((field) => field.name);
  if (items.length === 0 && allowed.length > 0) {
    errors.push({
      pointer: '/request',
      message: `is missing; these features need ${plan.requestFields.map(({ name, type }) => `${name} (${type})`).join(', ')}: one item for all entities or one for each`,
    });
    return [];
  }
  if (items.length > 1 && rows > 0 && items.length !== rows && errors.length === 0)
    errors.push({
      pointer: '/request',
      message: `has ${items.length} items for ${rows} entities; send one for all or one for each`,
    });
  return items.map((item, index) => {
    const values: Record<string, Value> = {};
    const report = (name: string, message: string): void => {
      errors.push({ pointer: pointerOf(['request', index, name]), message });
    };
    for (const { name, type } of plan.requestFields) {
      const read = readField(type, own(item, name));
      if ('value' in read) values[name] = read.value;
      else report(name, read.problem);
    }
    refuseOthers(item, allowed, report);
    return values;
  });
}
