import { feastInstant, feastWriter, noFeastInstant } from '#codec/feast-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { parseVersioned } from '#spec/find.ts';
import type { FeatureStatus } from '#spec/status.ts';
import type { Value } from '#spec/value-type.ts';
import type { ServePlan } from './plan.ts';
import { checkAnswerSize } from './response.ts';
import type { Served } from './serve-features.ts';

/** Feast's words for our statuses. It has none for a default: what is in the answer is the value of an empty window. */
const feastStatus = (status: FeatureStatus): string => {
  switch (status) {
    case 'PRESENT':
    case 'DEFAULT':
      return 'PRESENT';
    case 'MISSING':
      return 'NOT_FOUND';
    case 'EXPIRED':
      return 'OUTSIDE_MAX_AGE';
    default:
      return 'INVALID';
  }
};

export interface FeastAnswerOf {
  /** Names of results are `view__feature`, else `feature`. */
  readonly fullNames: boolean;
  /** Tells which views were read, in which version. */
  readonly withVersions: boolean;
}

/** What is known of a request besides its rows. */
interface FeastRows {
  /** Per row, the values of the plan's keys. */
  readonly entities: readonly (readonly Value[])[];
  /** Positions in the plan's keys, in the order of the request's columns. */
  readonly keyOrder: readonly number[];
}

/** Writes the answer to requests of one plan as JSON text. Throws serve.tooLarge beyond what Lambda can answer. */
export type FeastWriter = (served: Served, rows: FeastRows) => string;

/**
 * Prepares the writer of a plan: a column for each key and feature, with values, statuses and event times by row, and the columns' names
 * last. Throws feast.nameCollision where two features have one name.
 */
export function feastResponseWriter(plan: ServePlan, of: FeastAnswerOf): FeastWriter {
  const names = feastNames(plan, of.fullNames);
  const writers = plan.types.map(feastWriter);
  const keyWriters = plan.keys.map(({ type }) => feastWriter(type));
  const views = of.withVersions ? `,"feature_view_metadata":${viewsText(plan)}` : '';
  return (served, { entities, keyOrder }) => {
    const present = textOfAll('PRESENT', entities.length);
    const noTimes = textOfAll(noFeastInstant, entities.length);
    const columns = keyOrder.map((position) => {
      const values = entities.map((keys) => keyWriters[position]?.(keys[position] ?? null)).join(',');
      return `{"values":[${values}],"statuses":${present},"event_timestamps":${noTimes}}`;
    });
    const areAllPresent = served.rows.every(({ status }) => status === plan.allPresent);
    const timesOfRead = plan.reads.map((): string | undefined => undefined);
    for (const [column, result] of plan.results.entries()) {
      let values = '';
      for (const row of served.rows) {
        if (values !== '') values += ',';
        values += writers[column]?.(row.values[column] ?? null);
      }
      const statuses = areAllPresent ? present : statusesText(served, column);
      let times = noTimes;
      if (result.kind === 'read') {
        times = timesOfRead[result.read] ?? timesText(served, column);
        timesOfRead[result.read] = times; // features of one row share its time
      }
      columns.push(`{"values":[${values}],"statuses":${statuses},"event_timestamps":${times}}`);
    }
    const allNames = [...keyOrder.map((position) => plan.keys[position]?.name), ...names];
    const metadata = `{"feature_names":${JSON.stringify(allNames)}${views}}`;
    const text = `{"results":[${columns.join(',')}],"metadata":${metadata}}`;
    checkAnswerSize(text);
    return text;
  };
}

/** A list of a text, for each row. */
const textOfAll = (text: string, rows: number): string => `[${Array(rows).fill(`"${text}"`).join(',')}]`;

const statusesText = ({ rows }: Served, column: number): string =>
  `["${rows.map(({ status }) => feastStatus(status[column] ?? 'ERROR')).join('","')}"]`;

const timesText = ({ rows }: Served, column: number): string =>
  `["${rows
    .map(({ eventTimes }) => {
      const millis = eventTimes[column] ?? null;
      return millis === null ? noFeastInstant : feastInstant(millis);
    })
    .join('","')}"]`;

const viewsText = ({ reads }: ServePlan): string =>
  JSON.stringify(reads.map(({ viewId }) => ({ name: viewName(viewId), version: parseVersioned(viewId)?.version })));

const viewName = (viewId: string): string => parseVersioned(viewId)?.name ?? viewId;

/** Names of the features as Feast gives them; an alias of a service stays as it is. */
function feastNames(plan: ServePlan, fullNames: boolean): readonly string[] {
  if (fullNames) return plan.names;
  const names = plan.results.map((result, index) => {
    const { viewId, feature } =
      result.kind === 'read' ? { viewId: plan.reads[result.read]?.viewId ?? '', feature: result.feature.name } : result;
    const name = plan.names[index] ?? '';
    return name === `${viewName(viewId)}__${feature}` ? feature : name;
  });
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  if (repeated.length > 0) throw nameCollision([...new Set(repeated)], fullNames);
  return names;
}

/** The error of features that have one name, in Feast's words. */
export function nameCollision(names: readonly string[], fullNames: boolean): TidemarkError {
  const advice = fullNames
    ? 'To resolve this collision, please ensure that the feature views or their own features have different names.'
    : "To resolve this collision, either use the full feature name by setting 'full_feature_names=True', or ensure that the features in question have different names.";
  return new TidemarkError('feast.nameCollision', `Duplicate features named ${names.join(', ')} found.\n${advice}`);
}
