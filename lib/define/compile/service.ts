import { viewId } from '#spec/find.ts';
import type { FeatureReference, FeatureService } from '#spec/manifest.ts';
import type { FeatureService as ServiceDefinition, ServiceEntry } from '../feature-service.ts';
import type { Input } from '../on-demand-view.ts';
import type { View } from '../view.ts';
import type { AnyView } from './collect.ts';
import { checkName, checkVersion, documented } from './documented.ts';
import type { Problems } from './problems.ts';
import { compileServingPolicy } from './serving-policy.ts';

/** Features that one request may ask for. */
const maxServiceFeatures = 200;

export function compileService(
  definition: ServiceDefinition,
  problems: Problems,
): Omit<FeatureService, 'definitionHash'> {
  const { name, version, origin, entries, documentation } = definition;
  checkName(definition, 'a feature service', { name, problems });
  checkVersion(definition, problems);
  const features = entries.flatMap((entry) => referencesOf(definition, entry, problems));
  if (features.length === 0)
    problems.add(origin, 'noFeatures', `feature service "${name}" has no features; list at least one`);
  if (features.length > maxServiceFeatures)
    problems.add(
      origin,
      'tooManyFeatures',
      `feature service "${name}" has ${features.length} features, at most ${maxServiceFeatures} are allowed`,
    );
  checkResultNames(definition, features, problems);
  checkFields(definition, problems);
  for (const view of new Set(entries.map(viewOf)))
    for (const offline of offlineViews(view))
      problems.add(
        origin,
        'notOnline',
        `feature service "${name}" needs view "${viewId(offline)}", which is not online; set online: true on the view or leave its features out`,
      );
  const serving = compileServingPolicy(definition, problems);
  return { name, version, features, ...(serving && { serving }), ...documented(documentation) };
}

const viewOf = (entry: ServiceEntry): View =>
  'alias' in entry ? entry.of.view : 'feature' in entry ? entry.view : entry;

function referencesOf(
  definition: ServiceDefinition,
  entry: ServiceEntry,
  problems: Problems,
): readonly FeatureReference[] {
  const view = viewOf(entry);
  const known = Object.keys(view.features);
  const names = 'alias' in entry ? [entry.of.feature] : 'feature' in entry ? [entry.feature] : known;
  if ('alias' in entry)
    checkName(definition, `an alias of service "${definition.name}"`, { name: entry.alias, problems });
  return names.map((feature) => ({
    view: view.name,
    version: view.version,
    feature,
    name: 'alias' in entry ? entry.alias : `${view.name}__${feature}`,
  }));
}

function checkResultNames(
  { name, origin }: ServiceDefinition,
  features: readonly FeatureReference[],
  problems: Problems,
): void {
  const seen = new Map<string, FeatureReference>();
  for (const feature of features) {
    const other = seen.get(feature.name);
    if (!other) seen.set(feature.name, feature);
    else
      problems.add(
        origin,
        'duplicateName',
        `feature service "${name}" has the result name "${feature.name}" twice, for ${viewId({ name: other.view, version: other.version })}:${other.feature} and ${viewId({ name: feature.view, version: feature.version })}:${feature.feature}; give one an alias`,
      );
  }
}

/** A name in a request or a spine has one meaning: keys and request fields of one name must be of one type. */
function checkFields({ name, origin, entries }: ServiceDefinition, problems: Problems): void {
  const seen = new Map<string, { readonly type: string; readonly of: string }>();
  const reported = new Set<string>();
  for (const field of new Set(entries.map(viewOf).flatMap((view) => [...fieldsOf(view, new Set())]))) {
    const other = seen.get(field.name);
    if (!other) seen.set(field.name, field);
    else if (other.type !== field.type && !reported.has(field.name)) {
      reported.add(field.name);
      problems.add(
        origin,
        'duplicateName',
        `feature service "${name}" reads "${field.name}" as ${other.type} (${other.of}) and as ${field.type} (${field.of}); rename one, or give both one type`,
      );
    }
  }
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly of: string;
}
/** Keys and request fields that a view needs, with those of its inputs. */
function fieldsOf(subject: View | Input, visited: Set<unknown>): readonly Field[] {
  if (visited.has(subject)) return [];
  visited.add(subject);
  if (subject.kind === 'picked') return fieldsOf(subject.view, visited);
  if (subject.kind === 'request')
    return Object.entries(subject.schema).map(([name, { type }]) => ({
      name,
      type,
      of: `request source "${subject.name}"`,
    }));
  const view = subject as AnyView; // every View is made by one of the constructors
  if (view.kind === 'onDemand') return Object.values(view.options.inputs).flatMap((input) => fieldsOf(input, visited));
  const { entity } = view.options;
  return Object.entries(entity.keys).map(([name, { type }]) => ({ name, type, of: `entity "${entity.name}"` }));
}

function offlineViews(subject: View | Input, visited = new Set<unknown>()): readonly View[] {
  if (visited.has(subject) || subject.kind === 'request') return [];
  visited.add(subject);
  if (subject.kind === 'picked') return offlineViews(subject.view, visited);
  const view = subject as AnyView; // every View is made by one of the constructors
  if (view.kind === 'onDemand')
    return Object.values(view.options.inputs).flatMap((input) => offlineViews(input, visited));
  return view.options.online === false ? [view] : [];
}
