import { encodeEntityKey } from '#codec/entity-key.ts';
import { readFeastKey, readFeastValue } from '#codec/feast-json.ts';
import type { WireReading } from '#codec/wire-json.ts';
import type { FeatureSelection } from '#engine/feature-plan.ts';
import { nameCollision } from '#engine/serve/feast-response.ts';
import type { ServePlan, ServePlans } from '#engine/serve/plan.ts';
import { readFeastBody } from '#lambdas/feast/read-body.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { maximumEntities } from '../event.ts';
import type { ServeRequest } from '../request-server.ts';
import { feastRequestSchema } from './event.ts';

/** A request that has passed every check. */
export interface FeastRequest extends ServeRequest {
  readonly fullNames: boolean;
  readonly withVersions: boolean;
  /** Per row, the values of the plan's keys. */
  readonly entities: readonly (readonly Value[])[];
  /** Positions in the plan's keys, in the order of the request's columns. */
  readonly keyOrder: readonly number[];
}

type Columns = Readonly<Record<string, readonly unknown[]>>;

const refused = (message: string): TidemarkError => new TidemarkError('feast.invalidRequest', message);

/**
 * Reads a body of POST /get-online-features. Throws feast.invalidBody, feast.invalidRequest, feast.missingRequestData,
 * feast.nameCollision, and for unknown names what planServing throws.
 */
export function readFeastRequest(body: string, plans: ServePlans): FeastRequest {
  const asked = readFeastBody(body, feastRequestSchema);
  const fullNames = asked.full_feature_names ?? false;
  const selection = asked.feature_service
    ? { service: asked.feature_service }
    : { features: (asked.features ?? []).map(ourReference) };
  const plan = planned(plans, selection, fullNames);
  const keys = keyColumns(plan, asked.entities);
  const fields = fieldColumns(plan, asked.entities);
  const rows = rowCount([...keys, ...fields]);
  const entities = rowsOf(rows, keys, (column, json) => readFeastKey(column.type, json));
  const values = rowsOf(rows, fields, (column, json) => readFeastValue(column.type, json));
  return {
    plan,
    entities,
    entityKeys: entities.map((row) => entityKeysOf(plan, row)),
    request: fields.length === 0 ? [] : values.map((row) => fieldsOf(fields, row)),
    consistency: 'eventual',
    fullNames,
    withVersions: asked.include_feature_view_version_metadata ?? false,
    keyOrder: keyOrder(keys, Object.keys(asked.entities)),
  };
}

/** Feast writes versions as `view@v2:feature` and `view@latest:feature`. */
const ourReference = (reference: string): string =>
  reference.replace(/@v(?=\d)/i, '@').replace(/@(?:latest)?(?=:)/i, '');

function planned(plans: ServePlans, selection: FeatureSelection, fullNames: boolean): ServePlan {
  try {
    return plans.planOf(selection);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'engine.duplicateFeature') throw error;
    const name = String(error.details.name);
    throw nameCollision([fullNames ? name : name.slice(name.indexOf('__') + 2)], fullNames);
  }
}

interface Column<TType> {
  readonly name: string;
  /** As the request names it. */
  readonly sentAs: string;
  readonly type: TType;
  readonly values: readonly unknown[];
}

/** A column for every key of the plan; an entity of one key may be sent under its own name. */
function keyColumns(plan: ServePlan, columns: Columns): Column<ServePlan['keys'][number]['type']>[] {
  const entityOf = new Map(
    plan.entities.flatMap(({ name, keys }) => (keys.length === 1 ? [[keys[0]?.name, name]] : [])),
  );
  const found = plan.keys.map(({ name, type }) => {
    const sentAs = Object.hasOwn(columns, name) ? name : (entityOf.get(name) ?? name);
    return { name, type, sentAs, values: own(columns, sentAs) };
  });
  const absent = found.filter(({ values }) => values === undefined).map(({ name }) => name);
  if (absent.length > 0)
    throw refused(
      `Missing join key values for keys: ${listed(absent)}. Provided join_key_values: ${listed(Object.keys(columns))}`,
    );
  return found.map((column) => ({ ...column, values: column.values ?? [] }));
}

function fieldColumns(plan: ServePlan, columns: Columns): Column<ServePlan['requestFields'][number]['type']>[] {
  const names = plan.requestFields.map(({ name }) => name);
  if (names.some((name) => !Object.hasOwn(columns, name)))
    throw new TidemarkError(
      'feast.missingRequestData',
      `Required request data source features ${listed(names)} not found in the entity rows, but required by feature views`,
      { kind: 'notFound' },
    );
  return plan.requestFields.map(({ name, type }) => ({ name, type, sentAs: name, values: columns[name] ?? [] }));
}

const own = (columns: Columns, name: string): readonly unknown[] | undefined =>
  Object.hasOwn(columns, name) ? columns[name] : undefined;

/** As Python writes a list of texts. */
const listed = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`;

function rowCount(columns: readonly Column<unknown>[]): number {
  const [first, ...others] = columns.map(({ values }) => values.length);
  const rows = first ?? 0;
  if (others.some((length) => length !== rows)) throw refused('All entity rows must have the same columns.');
  if (rows === 0) throw refused('No entity rows; send at least one value for each join key');
  if (rows > maximumEntities)
    throw refused(`${rows} entity rows, at most ${maximumEntities} are taken; send fewer at a time`);
  return rows;
}

function rowsOf<TType>(
  rows: number,
  columns: readonly Column<TType>[],
  read: (column: Column<TType>, json: unknown) => WireReading,
): Value[][] {
  return Array.from({ length: rows }, (_, row) =>
    columns.map((column) => {
      const reading = read(column, column.values[row]);
      if ('value' in reading) return reading.value;
      throw refused(`${column.sentAs} of row ${row} ${reading.problem}`);
    }),
  );
}

const entityKeysOf = (plan: ServePlan, row: readonly Value[]): string[] =>
  plan.entities.map((entity, index) =>
    encodeEntityKey(
      entity,
      (plan.keyPositions[index] ?? []).map((position) => row[position] ?? null),
    ),
  );

const fieldsOf = (fields: readonly Column<unknown>[], row: readonly Value[]): TransformInput =>
  Object.fromEntries(fields.map(({ name }, index) => [name, row[index] ?? null]));

const keyOrder = (keys: readonly Column<unknown>[], sent: readonly string[]): number[] =>
  keys
    .map((_, position) => position)
    .sort((a, b) => sent.indexOf(keys[a]?.sentAs ?? '') - sent.indexOf(keys[b]?.sentAs ?? ''));
