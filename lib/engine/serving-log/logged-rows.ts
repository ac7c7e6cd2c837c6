import { parseWireJson, readWireValue } from '#codec/wire-json.ts';
import type { ServePlan } from '#engine/serve/plan.ts';
import type { VerifyRow } from '#engine/verify/verify.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { TransformInput } from '#spec/transform.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';
import type { LogRow } from './read-log.ts';

/** A row of the log with typed values, but for what the offline side says of it. */
export interface LoggedRow extends Omit<VerifyRow, 'offline' | 'again'> {
  readonly requestId: string;
  readonly partial: boolean;
}

/** Reads the JSON of a row by the plan of its service. Throws verify.badLogRow (kind failed) for what no log of that service holds. */
export function loggedRow(plan: ServePlan, row: LogRow): LoggedRow {
  const read = objectReader(row);
  const statuses = row.statuses === null ? {} : objectOf(row, row.statuses);
  const results = plan.names.map((name, at) => ({ name, type: plan.types[at] ?? 'string' }));
  const values = read(results, row.features);
  return {
    entity: read(plan.keys, row.entity),
    request: row.request === null ? {} : read(plan.requestFields, row.request),
    served: {
      values: plan.names.map((name) => values[name] ?? null),
      status: plan.names.map((name) => String(statuses[name] ?? 'PRESENT')),
    },
    asOfMillis: row.asOfMillis,
    requestId: row.requestId,
    partial: row.partial,
  };
}

const objectReader =
  (row: LogRow) =>
  (members: readonly { readonly name: string; readonly type: FeatureType }[], text: string): TransformInput => {
    const json = objectOf(row, text);
    return Object.fromEntries(
      members.map(({ name, type }): [string, Value] => {
        if (!Object.hasOwn(json, name)) throw badRow(row, `has no ${name}`);
        const reading = readWireValue(type, json[name]);
        if ('problem' in reading) throw badRow(row, `${name} ${reading.problem}`);
        return [name, reading.value];
      }),
    );
  };

function objectOf(row: LogRow, text: string): Readonly<Record<string, unknown>> {
  try {
    const json = parseWireJson(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  } catch {
    // no JSON at all
  }
  throw badRow(row, `has ${JSON.stringify(text.slice(0, 60))} in place of a JSON object`);
}

const badRow = ({ writer, number, requestId }: LogRow, problem: string): TidemarkError =>
  new TidemarkError(
    'verify.badLogRow',
    `row ${number} of ${writer} in the serving log (request ${requestId}): ${problem}; it was not written by this deployment, remove its file`,
    { kind: 'failed', details: { writer, number } },
  );
