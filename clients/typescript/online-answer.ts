import { type AnswerObject, answerObject } from './answer-json.ts';
import type { Types, ValuesOf } from './types.ts';
import { decoder, float } from './values.ts';

/** How a value came about; take a status that you do not know for one that is not present. */
export type FeatureStatus =
  | 'PRESENT'
  | 'DEFAULT'
  | 'MISSING'
  | 'EXPIRED'
  | 'FALLBACK'
  | 'MASKED'
  | 'ERROR'
  | (string & {});

export interface AnswerMeta {
  /** The one instant at which all rows were evaluated. */
  readonly asOf: Date;
  readonly service: string | undefined;
  readonly version: number | undefined;
  readonly definitionHash: string;
  /** Some key could not be read in time: its values are null with status ERROR. */
  readonly partial: boolean;
  readonly requestId: string;
}

export interface OnlineRow<TFeatures> {
  readonly values: ValuesOf<TFeatures>;
  readonly status: { readonly [TName in keyof TFeatures]: FeatureStatus };
  /** Of the stored rows that values were read from; only where `eventTimes` was asked for. */
  readonly eventTimes?: { readonly [TName in keyof TFeatures]: Date | null };
}
export interface OnlineRows<TFeatures> {
  /** In the order of the service, or of the refs. */
  readonly names: readonly (keyof TFeatures & string)[];
  /** In the order of the entities. */
  readonly rows: readonly OnlineRow<TFeatures>[];
  readonly meta: AnswerMeta;
}

export interface OnlineColumns<TFeatures> {
  readonly names: readonly (keyof TFeatures & string)[];
  /** Of each feature a value for each entity, in their order. */
  readonly columns: { readonly [TName in keyof TFeatures]: readonly ValuesOf<TFeatures>[TName][] };
  readonly status: { readonly [TName in keyof TFeatures]: readonly FeatureStatus[] };
  readonly meta: AnswerMeta;
}

export interface OnlineVectors {
  readonly names: readonly string[];
  readonly rows: readonly {
    /** In the order of names; bools are 1 and 0, and int64 beyond 2^53 is rounded. */
    readonly vector: readonly (number | null)[];
    /** Positions that hold the fill, ascending from 0; only where a fill was sent. */
    readonly filled?: readonly number[];
    readonly status: readonly FeatureStatus[];
  }[];
  readonly meta: AnswerMeta & { readonly vectorHash: string };
}

/** Reads the answer in format rows, with types. */
export function onlineRows(json: unknown): OnlineRows<Types> {
  const answer = answerObject(json);
  const names = namesIn(answer);
  const decoders = answer.list('types').map((type) => decoder(String(type)));
  const rows = answer.list('rows').map((item) => {
    const row = answerObject(item);
    const eventTimes = row.optional('eventTime');
    return {
      values: byName(names, row.list('values'), (value, index) => decoders[index]?.(value)),
      status: byName(names, row.list('status'), String),
      ...(Array.isArray(eventTimes) ? { eventTimes: byName(names, eventTimes, instant) } : {}),
    };
  });
  return { names, rows, meta: metaIn(answer) };
}

/** Reads the answer in format columns, with types. */
export function onlineColumns(json: unknown): OnlineColumns<Types> {
  const answer = answerObject(json);
  const names = namesIn(answer);
  const decoders = answer.list('types').map((type) => decoder(String(type)));
  const columns = byName(names, answer.list('columns'), (column, index) =>
    Array.isArray(column) ? column.map((value) => decoders[index]?.(value)) : [],
  );
  const status = byName(names, answer.list('status'), (column) => (Array.isArray(column) ? column.map(String) : []));
  return { names, columns, status, meta: metaIn(answer) };
}

/** Reads the answer in format vector. */
export function onlineVectors(json: unknown): OnlineVectors {
  const answer = answerObject(json);
  const rows = answer.list('rows').map((item) => {
    const row = answerObject(item);
    const filled = row.optional('filled');
    return {
      vector: row.list('vector').map((element) => (element === null ? null : Number(float(element)))),
      ...(Array.isArray(filled) ? { filled: filled.map(Number) } : {}),
      status: row.list('status').map(String),
    };
  });
  const vectorHash = answer.object('meta').text('vectorHash');
  return { names: namesIn(answer), rows, meta: { ...metaIn(answer), vectorHash } };
}

const namesIn = (answer: AnswerObject): readonly string[] => answer.list('names').map(String);
const instant = (json: unknown): Date | null => (typeof json === 'string' ? new Date(json) : null);

function byName<TItem>(
  names: readonly string[],
  items: readonly unknown[],
  read: (item: unknown, index: number) => TItem,
): Readonly<Record<string, TItem>> {
  return Object.fromEntries(names.map((name, index) => [name, read(items[index] ?? null, index)]));
}

function metaIn(answer: AnswerObject): AnswerMeta {
  const meta = answer.object('meta');
  const [service, version] = [meta.optional('service'), meta.optional('version')];
  return {
    asOf: new Date(meta.text('asOf')),
    service: typeof service === 'string' ? service : undefined,
    version: typeof version === 'number' ? version : undefined,
    definitionHash: meta.text('definitionHash'),
    partial: meta.optional('partial') === true,
    requestId: meta.text('requestId'),
  };
}
