import type { Column } from '#spec/manifest.ts';
import { isColumnType } from '#spec/value-type.ts';
import type { RowSource } from '../row-source.ts';
import { checkName } from './documented.ts';
import { named, type Problems, shown } from './problems.ts';

/** The columns of a source in their order, checked. */
export function columnsOf(definition: RowSource, problems: Problems): Column[] {
  const { name, origin } = definition;
  const schema = Object.entries(definition.schema).map(([column, { type }]) => ({ name: column, type }));
  if (schema.length === 0)
    problems.add(origin, 'noColumns', `source "${name}" has no columns; list those that are read`);
  for (const column of schema) {
    checkName(definition, `a column of source "${name}"`, { name: column.name, problems });
    if (!isColumnType(column.type))
      problems.add(
        origin,
        'wrongType',
        `column "${column.name}" of source "${name}" is ${shown(column.type)}, which is no type; decimal(p,s) has 1 <= p <= 38 and 0 <= s <= p`,
      );
  }
  return schema;
}

/** Reports a location that is neither a folder of the bucket nor an URI, or does not end in a slash. */
export function checkLocation(
  { origin }: RowSource,
  { what, location }: { readonly what: string; readonly location: string },
  problems: Problems,
): void {
  const isUri = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/(?:[^/]+\/)*$/.test(location);
  const isFolder = /^(?:[A-Za-z0-9!_.*'()=-]+\/)+$/.test(location) && !/(?:^|\/)\.{1,2}\//.test(location);
  if (!isUri && !isFolder)
    problems.add(
      origin,
      'wrongLocation',
      `${what} must be a folder as "trips/" or an URI as "s3://bucket/trips/", each ending in a slash, got ${shown(location)}`,
    );
}

/** Reports the name of a column with a meaning that the schema lacks or has in another type; false then. */
export function checkMeaning(
  { name, origin, schema }: RowSource,
  { role, column, type }: { readonly role: string; readonly column: string | undefined; readonly type: string },
  problems: Problems,
): boolean {
  if (column === undefined) return true;
  const got = schema[column]?.type;
  if (got === type) return true;
  if (got === undefined) reportUnknown({ name, origin, schema }, { role, column }, problems);
  else
    problems.add(
      origin,
      'wrongType',
      `${role} of source "${name}" must be a ${type}, got column "${column}" of type ${got}`,
    );
  return false;
}

/** Reports the name of a column that tells rows apart and that the schema lacks, or whose values have no dependable equality; false then. */
export function checkIdentity(
  { name, origin, schema }: RowSource,
  { role, column }: { readonly role: string; readonly column: string },
  problems: Problems,
): boolean {
  const got = schema[column]?.type;
  if (got !== undefined && !got.startsWith('float') && !got.startsWith('list<')) return true;
  if (got === undefined) reportUnknown({ name, origin, schema }, { role, column }, problems);
  else
    problems.add(
      origin,
      'wrongType',
      `${role} of source "${name}" names column "${column}" of type ${got}, which has no dependable equality; name one that is neither a float nor a list`,
    );
  return false;
}

function reportUnknown(
  { name, origin, schema }: Pick<RowSource, 'name' | 'origin' | 'schema'>,
  { role, column }: { readonly role: string; readonly column: string },
  problems: Problems,
): void {
  problems.add(
    origin,
    'unknownColumn',
    `${role} of source "${name}" names column "${column}", which is not in its schema; it has ${named(Object.keys(schema))}`,
  );
}

/** The folder column of partitioned files and the timestamp whose day it is; undefined where there is none or a problem has been reported. */
export function partitionOf(
  { name, origin, schema, eventTime }: RowSource,
  {
    what,
    partitionedBy,
  }: { readonly what: string; readonly partitionedBy: Readonly<Record<string, string>> | undefined },
  problems: Problems,
): { column: string; of: string } | undefined {
  if (partitionedBy === undefined) return undefined;
  const [entry, ...others] = Object.entries(partitionedBy);
  if (!entry || others.length > 0) {
    problems.add(
      origin,
      'wrongPartition',
      `${what} must name one folder column, as { dt: 'event_timestamp' }, got ${Object.keys(partitionedBy).length}`,
    );
    return undefined;
  }
  const [column, of] = entry;
  if (eventTime === undefined || of !== eventTime)
    problems.add(
      origin,
      'wrongPartition',
      `${what} must be the day of its event time, got ${shown(of)}; ${eventTime === undefined ? 'declare eventTime' : `write { ${column}: '${eventTime}' }`}`,
    );
  if (Object.hasOwn(schema, column))
    problems.add(
      origin,
      'duplicateName',
      `folder column "${column}" of source "${name}" is in its schema too; it is not in the files: leave it out of the schema`,
    );
  return { column, of };
}
