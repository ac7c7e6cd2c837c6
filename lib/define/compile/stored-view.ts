import { hashOf } from '#spec/canonical-json.ts';
import type { AggregatedFeature, BatchView, ColumnFeature, TableView } from '#spec/manifest.ts';
import { isFeatureType } from '#spec/value-type.ts';
import type { DefaultLiteral } from '../aggregates.ts';
import type { BatchView as BatchDefinition } from '../batch-view.ts';
import type { Documentation } from '../definition.ts';
import type { TableView as TableDefinition } from '../table-view.ts';
import { checkName, checkVersion, documented } from './documented.ts';
import { compileFormula } from './formula.ts';
import { encodeDefault } from './literals.ts';
import { isMillis, isPositiveMillis, wrongMillis } from './millis.ts';
import { named, type Problems, shown } from './problems.ts';
import { checkTicks } from './ticks.ts';

type StoredDefinition = TableDefinition | BatchDefinition;

/** A compiled view before its definition hash, which needs the compiled source and entity. */
export type Unhashed<TView> = Omit<TView, 'definitionHash'>;

export const maxFeatures = 200;
/** Partition columns of the tables that hold a batch view's rows. */
const rowPartitions = ['dt', 'run'];

export function compileTableView(definition: TableDefinition, problems: Problems): Unhashed<TableView> {
  const { options, name, origin } = definition;
  const features = Object.entries(options.features).flatMap(([feature, details]): ColumnFeature[] => {
    const column = details.column ?? feature;
    const type = options.source.schema[column]?.type;
    if (type === undefined) {
      problems.add(
        origin,
        'unknownColumn',
        `feature "${feature}" of view "${name}" reads column "${column}", which is not in source "${options.source.name}"; it has ${named(Object.keys(options.source.schema))}`,
      );
      return [];
    }
    if (!isFeatureType(type)) {
      problems.add(
        origin,
        'wrongType',
        `feature "${feature}" of view "${name}" reads column "${column}" of type ${type}, which only aggregates can read; a feature needs a type that can be stored`,
      );
      return [];
    }
    return [{ ...featureOf(definition, { feature, type, ...details }, problems), column }];
  });
  if (options.schedule !== undefined && !isPositiveMillis(options.schedule))
    problems.add(origin, 'wrongDuration', wrongMillis(`schedule of view "${name}"`, options.schedule, 'hours(1)'));
  return {
    kind: 'table',
    ...storedBase(definition, problems),
    layout: layoutOf('table', features),
    features,
    ...(options.schedule !== undefined && { scheduleMillis: options.schedule }),
  };
}

export function compileBatchView(definition: BatchDefinition, problems: Problems): Unhashed<BatchView> {
  const { options, name, origin } = definition;
  const { source } = options;
  if (source.eventTime === undefined)
    problems.add(
      origin,
      'noEventTime',
      `view "${name}" aggregates source "${source.name}", which has no event time; declare eventTime on the source`,
    );
  if (source.deleted !== undefined)
    problems.add(
      origin,
      'deletedEvents',
      `view "${name}" aggregates source "${source.name}", which declares deleted: "${source.deleted}"; deletes are for table views: filter with where instead`,
    );
  for (const column of [...Object.keys(options.entity.keys), ...Object.keys(options.features)])
    if (rowPartitions.includes(column))
      problems.add(
        origin,
        'reservedName',
        `"${column}" of view "${name}" is a partition column of its rows; use another name`,
      );
  const features = Object.entries(options.features).flatMap(([feature, details]): AggregatedFeature[] => {
    const report = (code: string, message: string): void =>
      problems.add(origin, code, `feature "${feature}" of view "${name}": ${message}`);
    const compiled = compileFormula(details, source, report);
    if (!compiled) return [];
    const { type, formula } = compiled;
    return [{ ...featureOf(definition, { feature, type, ...details }, problems), formula }];
  });
  checkTicks(definition, features, problems);
  return {
    kind: 'batch',
    ...storedBase(definition, problems),
    layout: layoutOf('batch', features),
    scheduleMillis: options.schedule,
    recomputeTicks: options.recompute ?? 0,
    features,
  };
}

function storedBase(definition: StoredDefinition, problems: Problems) {
  const { name, version, origin, options, documentation } = definition;
  const { entity, source, ttl, delay = 0 } = options;
  checkName(definition, 'a view', { name, problems });
  checkVersion(definition, problems);
  checkKeys(definition, problems);
  checkFeatureNames(definition, problems);
  if (ttl !== undefined && !isPositiveMillis(ttl))
    problems.add(origin, 'wrongDuration', wrongMillis(`ttl of view "${name}"`, ttl, 'days(1)'));
  if (!isMillis(delay))
    problems.add(
      origin,
      'wrongDuration',
      `delay of view "${name}" must be 0 or a positive whole number of milliseconds, got ${shown(delay)}; write it as minutes(10)`,
    );
  return {
    name,
    version,
    entity: entity.name,
    source: source.name,
    online: options.online ?? true,
    ...(ttl !== undefined && { ttlMillis: ttl }),
    delayMillis: delay,
    ...documented(documentation, entity.documentation.owner),
  };
}

function checkKeys({ name, origin, options }: StoredDefinition, problems: Problems): void {
  const { entity, source } = options;
  for (const [key, { type }] of Object.entries(entity.keys)) {
    const got = source.schema[key]?.type;
    if (got === undefined)
      problems.add(
        origin,
        'unknownColumn',
        `view "${name}" needs key column "${key}" of entity "${entity.name}", which is not in source "${source.name}"; it has ${named(Object.keys(source.schema))}`,
      );
    else if (got !== type)
      problems.add(
        origin,
        'wrongType',
        `key "${key}" of entity "${entity.name}" is ${type}, and column "${key}" of source "${source.name}" is ${got}; view "${name}" needs them equal`,
      );
  }
}

function checkFeatureNames(definition: StoredDefinition, problems: Problems): void {
  const { name, origin, options } = definition;
  const names = Object.keys(options.features);
  if (names.length === 0) problems.add(origin, 'noFeatures', `view "${name}" has no features; give at least one`);
  if (names.length > maxFeatures)
    problems.add(
      origin,
      'tooManyFeatures',
      `view "${name}" has ${names.length} features, at most ${maxFeatures} are allowed; split it into views of the same entity`,
    );
  for (const feature of names) {
    checkName(definition, `a feature of view "${name}"`, { name: feature, problems });
    if (Object.hasOwn(options.entity.keys, feature))
      problems.add(
        origin,
        'duplicateName',
        `feature "${feature}" of view "${name}" has the name of a key of entity "${options.entity.name}"; rename the feature`,
      );
  }
}

function featureOf<TType extends ColumnFeature['type']>(
  { name: view, origin, options, documentation }: StoredDefinition,
  details: {
    readonly feature: string;
    readonly type: TType;
    readonly default: DefaultLiteral | undefined;
    readonly documentation: Documentation;
  },
  problems: Problems,
) {
  const { feature, type } = details;
  const owner = documentation.owner ?? options.entity.documentation.owner;
  const compiled = { name: feature, type, ...documented(details.documentation, owner) };
  if ((options.online ?? true) && compiled.owner === undefined)
    problems.add(
      origin,
      'noOwner',
      `feature "${feature}" of online view "${view}" has no owner; give one to the feature, the view or entity "${options.entity.name}"`,
    );
  if (details.default === undefined) return compiled;
  const encoded = encodeDefault(details.default, type);
  if ('json' in encoded) return { ...compiled, default: encoded.json };
  problems.add(
    origin,
    'wrongDefault',
    `default of feature "${feature}" (${type}) of view "${view}" ${encoded.problem}`,
  );
  return compiled;
}

/** First 8 hex digits of the hash of what a packed row's reader must know. */
const layoutOf = (kind: 'table' | 'batch', features: readonly { name: string; type: string }[]): string =>
  hashOf({ kind, features: features.map(({ name, type }) => [name, type]) }).slice(0, 8);
