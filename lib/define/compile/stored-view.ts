import type { BatchView, ColumnFeature, TableView } from '#spec/manifest.ts';
import { isFeatureType } from '#spec/value-type.ts';
import type { BatchView as BatchDefinition } from '../batch-view.ts';
import type { TableView as TableDefinition } from '../table-view.ts';
import { isMillis, isPositiveMillis, wrongMillis } from './millis.ts';
import { named, type Problems, shown } from './problems.ts';
import { checkTicks } from './ticks.ts';
import { aggregatedFeatures, featureOf, layoutOf, refuseDeletes, type Unhashed, viewBase } from './view-base.ts';

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
  if (options.source.kind === 'stream') refuseRuns(definition, problems);
  else if (options.schedule !== undefined && !isPositiveMillis(options.schedule))
    problems.add(origin, 'wrongDuration', wrongMillis(`schedule of view "${name}"`, options.schedule, 'hours(1)'));
  return {
    kind: 'table',
    ...storedBase(definition, problems),
    layout: rowLayout('table', features),
    features,
    ...(options.schedule !== undefined && { scheduleMillis: options.schedule }),
  };
}

/** Events of a stream are written as they arrive, and are visible from then on. */
function refuseRuns({ name, origin, options }: TableDefinition, problems: Problems): void {
  const { source, schedule, delay } = options;
  if (schedule !== undefined)
    problems.add(
      origin,
      'noSchedule',
      `view "${name}" has a schedule, but its source "${source.name}" is a stream, whose events are written as they arrive; leave schedule out`,
    );
  if (delay !== undefined)
    problems.add(
      origin,
      'noDelay',
      `view "${name}" has a delay, but its source "${source.name}" is a stream, whose events are visible from their arrival on; leave delay out`,
    );
}

export function compileBatchView(definition: BatchDefinition, problems: Problems): Unhashed<BatchView> {
  const { options, name, origin } = definition;
  const { source } = options;
  if (source.kind === 'stream')
    problems.add(
      origin,
      'streamSource',
      `view "${name}" is a batch view of source "${source.name}", which is a stream; define it with streamView('${name}', { entity, source, features }), without schedule, delay and ttl`,
    );
  if (source.eventTime === undefined)
    problems.add(
      origin,
      'noEventTime',
      `view "${name}" aggregates source "${source.name}", which has no event time; declare eventTime on the source`,
    );
  refuseDeletes(definition, problems);
  for (const column of [...Object.keys(options.entity.keys), ...Object.keys(options.features)])
    if (rowPartitions.includes(column))
      problems.add(
        origin,
        'reservedName',
        `"${column}" of view "${name}" is a partition column of its rows; use another name`,
      );
  const features = aggregatedFeatures(definition, { kind: 'ticks' }, problems);
  checkTicks(definition, features, problems);
  return {
    kind: 'batch',
    ...storedBase(definition, problems),
    layout: rowLayout('batch', features),
    scheduleMillis: options.schedule,
    recomputeTicks: options.recompute ?? 0,
    features,
  };
}

function storedBase(definition: TableDefinition | BatchDefinition, problems: Problems) {
  const { name, origin, options } = definition;
  const { ttl, delay = 0 } = options;
  if (ttl !== undefined && !isPositiveMillis(ttl))
    problems.add(origin, 'wrongDuration', wrongMillis(`ttl of view "${name}"`, ttl, 'days(1)'));
  if (!isMillis(delay))
    problems.add(
      origin,
      'wrongDuration',
      `delay of view "${name}" must be 0 or a positive whole number of milliseconds, got ${shown(delay)}; write it as minutes(10)`,
    );
  return {
    ...viewBase(definition, problems),
    ...(ttl !== undefined && { ttlMillis: ttl }),
    delayMillis: delay,
  };
}

const rowLayout = (kind: 'table' | 'batch', features: readonly { name: string; type: string }[]): string =>
  layoutOf({ kind, features: features.map(({ name, type }) => [name, type]) });
