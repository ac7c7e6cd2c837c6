import type { ParquetSource, RequestSource } from '#spec/manifest.ts';
import { type FeatureType, isFeatureType } from '#spec/value-type.ts';
import type { ParquetSource as ParquetDefinition } from '../parquet-source.ts';
import type { RequestSource as RequestDefinition } from '../request-source.ts';
import { checkName, documented } from './documented.ts';
import { type Problems, shown } from './problems.ts';
import { checkLocation, checkMeaning, columnsOf, partitionOf } from './source-columns.ts';

export function compileParquetSource(definition: ParquetDefinition, problems: Problems): ParquetSource {
  const { name, location, eventTime, createdTime, deleted, documentation } = definition;
  checkName(definition, 'a source', { name, problems });
  checkLocation(definition, { what: `location of source "${name}"`, location }, problems);
  const schema = columnsOf(definition, problems);
  checkMeaning(definition, { role: 'eventTime', column: eventTime, type: 'timestamp' }, problems);
  checkMeaning(definition, { role: 'createdTime', column: createdTime, type: 'timestamp' }, problems);
  checkMeaning(definition, { role: 'deleted', column: deleted, type: 'bool' }, problems);
  const { partitionedBy } = definition;
  const partition = partitionOf(definition, { what: `partitionedBy of source "${name}"`, partitionedBy }, problems);
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
