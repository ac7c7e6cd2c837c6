import type { FeaturePlan } from '#engine/feature-plan.ts';
import { nearestName } from '#engine/nearest-name.ts';
import { TidemarkError } from '#spec/errors.ts';
import { spineKeyColumn } from '#spec/layout.ts';
import { type ColumnType, type FeatureType, isListType } from '#spec/value-type.ts';
import { type Convert, converter } from './convert-value.ts';
import type { TrainingSetRequest } from './request.ts';

/** A column of the spine as its file describes it. */
export interface SpineColumn {
  readonly name: string;
  /** Undefined for what no definition can use (times of day, nested columns). */
  readonly type: ColumnType | undefined;
  /** Structs, maps and lists of lists cannot be passed through. */
  readonly isNested: boolean;
  /** The type in words, for messages. */
  readonly description: string;
}

/** A column that the training set reads: where it is and how its values become those of the declared type. */
export interface SpineUse {
  /** Position among the spine's columns. */
  readonly position: number;
  readonly column: string;
  readonly type: FeatureType;
  readonly convert: Convert;
  /** What it is used for, in words: `a key of entity driver`. */
  readonly purpose: string;
}

export interface SpineLayout {
  /** Absent where every row is evaluated at one instant. */
  readonly eventTime?: SpineUse;
  /** Keys of every entity of the plan; `target` is the column of the staged spine. */
  readonly keys: readonly (SpineUse & { readonly target: string })[];
  /** Request fields of the plan, by field name (which is the column's). */
  readonly requestFields: readonly SpineUse[];
}

/** What a request says of its rows' times, and of their label. */
export type SpineTimes = Pick<TrainingSetRequest, 'eventTimeColumn' | 'asOf' | 'label'>;

/** Every column that a training set reads. */
export const usesOf = ({ eventTime, keys, requestFields }: SpineLayout): readonly SpineUse[] => [
  ...(eventTime ? [eventTime] : []),
  ...keys,
  ...requestFields,
];

/** Tried in this order where no event-time column is named. */
export const defaultEventTimeColumns = ['event_timestamp', 'event_time'] as const;

const listed = (names: readonly string[]): string =>
  names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ');

/**
 * Finds the columns that a plan needs in a spine. Throws trainingSet.badSpine with one sentence per problem: duplicate names, no event
 * time, missing or mistyped columns of keys and request fields, columns named like a result.
 */
export function spineLayout(
  columns: readonly SpineColumn[],
  plan: FeaturePlan,
  { eventTimeColumn, asOf, label }: SpineTimes,
): SpineLayout {
  const finder = new ColumnFinder(columns);
  finder.refuseDuplicates();
  finder.refuseNested();
  finder.refuseResultNames(plan);
  const eventTime = asOf === undefined ? finder.eventTime(eventTimeColumn) : undefined;
  const keys = plan.entities.flatMap((entity) =>
    entity.keys.flatMap(({ name, type }) => {
      const use = finder.find(name, type, `a key of entity ${entity.name}`);
      return use ? [{ ...use, target: spineKeyColumn(entity.name, name) }] : [];
    }),
  );
  const requestFields = plan.requestFields.flatMap(
    ({ name, type, sources }) => finder.find(name, type, `a field of request source ${sources.join(' and ')}`) ?? [],
  );
  if (label !== undefined) finder.checkLabel(label, plan);
  if (finder.problems.length > 0)
    throw new TidemarkError('trainingSet.badSpine', finder.problems.join('; '), {
      details: { problems: finder.problems },
    });
  return { ...(eventTime ? { eventTime } : {}), keys, requestFields };
}

class ColumnFinder {
  readonly problems: string[] = [];
  readonly #columns: readonly SpineColumn[];
  readonly #names: readonly string[];

  constructor(columns: readonly SpineColumn[]) {
    this.#columns = columns;
    this.#names = columns.map(({ name }) => name);
  }

  refuseDuplicates(): void {
    const duplicates = new Set(this.#names.filter((name, position) => this.#names.indexOf(name) !== position));
    for (const name of duplicates)
      this.problems.push(`the spine has more than one column ${JSON.stringify(name)}; rename or drop all but one`);
  }

  refuseNested(): void {
    for (const { name, isNested } of this.#columns)
      if (isNested)
        this.problems.push(
          `column ${name} of the spine is nested; flatten it (lists of single values are fine) or drop it`,
        );
  }

  refuseResultNames(plan: FeaturePlan): void {
    for (const { name } of plan.results)
      if (this.#names.includes(name))
        this.problems.push(
          `the spine has a column ${name}, which is the name of a feature in the result; rename or drop it, or give the feature an alias in a service`,
        );
  }

  eventTime(named: string | undefined): SpineUse | undefined {
    const name = named ?? defaultEventTimeColumns.find((candidate) => this.#names.includes(candidate));
    if (name !== undefined) return this.find(name, 'timestamp', 'the event time');
    this.problems.push(
      `the spine has no event time: neither ${defaultEventTimeColumns.join(' nor ')} is among its columns ${listed(this.#names)}; say which column holds it`,
    );
    return undefined;
  }

  /** The label may be a feature too: some models predict one. */
  checkLabel(label: string, { results }: FeaturePlan): void {
    const column = this.#columns.find(({ name }) => name === label);
    const result = results.find(({ name }) => name === label);
    const type = column ? column.type : result?.feature.type;
    if (!column && !result) {
      const near = nearestName(label, [...this.#names, ...results.map(({ name }) => name)]);
      this.problems.push(
        `neither the spine nor the features have a column ${label}, the label; the spine has ${listed(this.#names)}${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
    } else if (type === undefined || isListType(type) || type === 'bytes')
      this.problems.push(
        `column ${label} is ${type ?? column?.description}, but it is the label and must be a number, a text, a bool or a time`,
      );
  }

  find(name: string, type: FeatureType, purpose: string): SpineUse | undefined {
    const position = this.#names.indexOf(name);
    const column = this.#columns[position];
    if (!column) {
      const near = nearestName(name, this.#names);
      this.problems.push(
        `the spine has no column ${name} (${type}), ${purpose}; it has ${listed(this.#names)}${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
      return undefined;
    }
    const convert = column.type === undefined ? undefined : converter(column.type, type);
    if (!convert) {
      const wanted = type === 'timestamp' ? 'a timestamp or an ISO 8601 text with an offset' : type;
      this.problems.push(
        `column ${name} of the spine is ${column.description}, but it is ${purpose} and must be ${wanted}`,
      );
      return undefined;
    }
    return { position, column: name, type, convert, purpose };
  }
}
