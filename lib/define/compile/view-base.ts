import { hashOf } from '#spec/canonical-json.ts';
import type { AggregatedFeature, ColumnFeature } from '#spec/manifest.ts';
import type { DefaultLiteral } from '../aggregates.ts';
import type { BatchView } from '../batch-view.ts';
import type { Documentation } from '../definition.ts';
import type { StreamView } from '../stream-view.ts';
import type { TableView } from '../table-view.ts';
import type { FormulaContext } from './aggregation.ts';
import { checkName, checkVersion, documented } from './documented.ts';
import { compileFormula } from './formula.ts';
import { encodeDefault } from './literals.ts';
import { named, type Problems } from './problems.ts';

/** Views of the rows of a source, read by the keys of an entity. */
export type EntityDefinition = TableView | BatchView | StreamView;

/** A compiled view before its definition hash, which needs the compiled source and entity. */
export type Unhashed<TView> = Omit<TView, 'definitionHash'>;

export const maxFeatures = 200;

/** What all views of rows have in common, checked. */
export function viewBase(definition: EntityDefinition, problems: Problems) {
  const { name, version, options, documentation } = definition;
  const { entity, source } = options;
  checkName(definition, 'a view', { name, problems });
  checkVersion(definition, problems);
  checkKeys(definition, problems);
  checkFeatureNames(definition, problems);
  return {
    name,
    version,
    entity: entity.name,
    source: source.name,
    online: options.online ?? true,
    ...documented(documentation, entity.documentation.owner),
  };
}

function checkKeys({ name, origin, options }: EntityDefinition, problems: Problems): void {
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

function checkFeatureNames(definition: EntityDefinition, problems: Problems): void {
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

/** A feature with its owner and default; both are checked. */
export function featureOf<TType extends ColumnFeature['type']>(
  { name: view, origin, options, documentation }: EntityDefinition,
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

/** The features of a batch or stream view in their order, without those that have problems. */
export function aggregatedFeatures(
  definition: BatchView | StreamView,
  windows: FormulaContext['windows'],
  problems: Problems,
): AggregatedFeature[] {
  const { name, origin, options } = definition;
  return Object.entries(options.features).flatMap(([feature, details]): AggregatedFeature[] => {
    const report = (code: string, message: string): void =>
      problems.add(origin, code, `feature "${feature}" of view "${name}": ${message}`);
    const compiled = compileFormula(details, { source: options.source, windows, report });
    if (!compiled) return [];
    const { type, formula } = compiled;
    return [{ ...featureOf(definition, { feature, type, ...details }, problems), formula }];
  });
}

/** Reports aggregates of a source whose rows may delete their entity. */
export function refuseDeletes({ name, origin, options: { source } }: EntityDefinition, problems: Problems): void {
  if (source.deleted !== undefined)
    problems.add(
      origin,
      'deletedEvents',
      `view "${name}" aggregates source "${source.name}", which declares deleted: "${source.deleted}"; deletes are for table views: filter with where instead`,
    );
}

/** First 8 hex digits of the hash of what the reader of a packed online item must know. */
export const layoutOf = (known: Readonly<Record<string, unknown>>): string => hashOf(known).slice(0, 8);
