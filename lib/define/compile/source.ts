import type { ParquetSource, RequestSource } from '#spec/manifest.ts';
import { type FeatureType, isColumnType, isFeatureType } from '#spec/value-type.ts';
import type { ParquetSource as ParquetDefinition } from '../parquet-source.ts';
import type { RequestSource as RequestDefinition } from '../request-source.ts';
import { checkName, documented } from './documented.ts';
import { named, type Problems, shown } from './problems.ts';

export function compileParquetSource(definition: ParquetDefinition, problems: Problems): ParquetSource {
  const { name, origin, location, eventTime, createdTime, deleted, documentation } = definition;
  checkName(definition, 'a source', { name, problems });
  checkLocation(definition, problems);
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
  checkMeaning(definition, { role: 'eventTime', column: eventTime, type: 'timestamp' }, problems);
  checkMeaning(definition, { role: 'createdTime', column: createdTime, type: 'timestamp' }, problems);
  checkMeaning(definition, { role: 'deleted', column: deleted, type: 'bool' }, problems);
  const partition = partitionOf(definition, problems);
  return {
    kind: 'parquet',
    name,
    location,
    schema,
    ...(partition && { partitionedBy: partition }),
    ...(eventTime !== undefined && { eventTime }),
    ...(createdTime !== undefined && { createdTime }),
    ...(deleted !== undefined && { deleted }),
    ...documented(documentation),
  };
}

function checkLocation({ name, origin, location }: ParquetDefinition, problems: Problems): void {
  const isUri = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/(?:[^/]+\/)*$/.test(location);
  const isFolder = /^(?:[A-Za-z0-9!_.*'()=-]+\/)+$/.test(location) && !/(?:^|\/)\.{1,2}\//.test(location);
  if (!isUri && !isFolder)
    problems.add(
      origin,
      'wrongLocation',
      `location of source "${name}" must be a folder as "trips/" or an URI as "s3://bucket/trips/", each ending in a slash, got ${shown(location)}`,
    );
}

function checkMeaning(
  { name, origin, schema }: ParquetDefinition,
  { role, column, type }: { role: string; column: string | undefined; type: string },
  problems: Problems,
): void {
  if (column === undefined) return;
  const got = schema[column]?.type;
  if (got === undefined)
    problems.add(
      origin,
      'unknownColumn',
      `${role} of source "${name}" names column "${column}", which is not in its schema; it has ${named(Object.keys(schema))}`,
    );
  else if (got !== type)
    problems.add(
      origin,
      'wrongType',
      `${role} of source "${name}" must be a ${type}, got column "${column}" of type ${got}`,
    );
}

function partitionOf(
  { name, origin, schema, partitionedBy, eventTime }: ParquetDefinition,
  problems: Problems,
): { column: string; of: string } | undefined {
  if (partitionedBy === undefined) return undefined;
  const [entry, ...others] = Object.entries(partitionedBy);
  if (!entry || others.length > 0) {
    problems.add(
      origin,
      'wrongPartition',
      `partitionedBy of source "${name}" must name one folder column, as { dt: 'event_timestamp' }, got ${Object.keys(partitionedBy).length}`,
    );
    return undefined;
  }
  const [column, of] = entry;
  if (eventTime === undefined || of !== eventTime)
    problems.add(
      origin,
      'wrongPartition',
      `partitionedBy of source "${name}" must be the day of its event time, got ${shown(of)}; ${eventTime === undefined ? 'declare eventTime' : `write { ${column}: '${eventTime}' }`}`,
    );
  if (Object.hasOwn(schema, column))
    problems.add(
      origin,
      'duplicateName',
      `folder column "${column}" of source "${name}" is in its schema too; it is not in the files: leave it out of the schema`,
    );
  return { column, of };
}

export function compileRequestSource(definition: RequestDefinition, problems: Problems): RequestSource {
  const { name, origin, documentation } = definition;
  checkName(definition, 'a source', { name, problems });
  const schema = Object.entries(definition.schema).map(([field, { type }]) => ({ name: field, type }));
  if (schema.length === 0)
    problems.add(
      origin,
      'noColumns',
      `request source "${name}" has no fields; give at least one, as schema: { amount: float64() }`,
    );
  for (const field of schema) {
    checkName(definition, `a field of request source "${name}"`, { name: field.name, problems });
    checkStorable(field, `field "${field.name}" of request source "${name}"`, { definition, problems });
  }
  return { kind: 'request', name, schema, ...documented(documentation) };
}

function checkStorable(
  { type }: { readonly type: FeatureType },
  what: string,
  { definition, problems }: { definition: RequestDefinition; problems: Problems },
): void {
  if (!isFeatureType(type))
    problems.add(definition.origin, 'wrongType', `${what} is ${shown(type)}, which is a type of source columns only`);
}
