import { type WireOptions, wireWriter } from '#codec/wire-json.ts';
import { filledVectorHash } from '#engine/vector-hash.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { FeatureStatus } from '#spec/status.ts';
import type { Value } from '#spec/value-type.ts';
import { columnsWriter } from './columns.ts';
import { type ServePlan, viewIdsOf } from './plan.ts';
import type { ResponseContext } from './response-context.ts';
import type { Served, ServedRow } from './serve-features.ts';
import { vectorText } from './vector.ts';

interface ResponseOptions extends WireOptions {
  /** Vectors are of plans in which notInVectors finds nothing. @default 'rows' */
  readonly format?: 'rows' | 'columns' | 'vector';
}

/** Writes the answer to requests of one plan as JSON text. Throws serve.tooLarge beyond what Lambda can answer (6 MB). */
export type ResponseWriter = (served: Served, context: ResponseContext) => string;

type WireWriter = (value: Value) => string;

/** Lambda takes 6 MiB, in which our text is itself a JSON string. */
const maxResponseBytes = 6 * 1024 * 1024 - 4096;
/** A shorter text fits whatever is in it: no UTF-16 unit takes more than 3 bytes once escaped and encoded. */
const surelyFits = Math.floor(maxResponseBytes / 3);

/**
 * Prepares the writer of a plan: texts that all answers share are made once, and every column has a writer of its type.
 * The text is built by concatenation, without objects per value: 5,000 values take about half a millisecond.
 */
export function responseWriter(plan: ServePlan, options: ResponseOptions): ResponseWriter {
  const names = `{"names":${JSON.stringify(plan.names)}`;
  const versions = `,"versions":${JSON.stringify(viewIdsOf(plan))}`;
  const types = `,"types":${JSON.stringify(plan.types)}`;
  const write = options.format === 'columns' ? columnsWriter(plan, options) : rowsWriter(plan, options);
  return (served, context) => {
    let text = names;
    if (context.metadata.includes('version')) text += versions;
    if (context.metadata.includes('type')) text += types;
    text += `,${write(served, context)},"meta":${metaText(plan, served, { ...context, isVector: options.format === 'vector' })}}`;
    checkAnswerSize(text);
    return text;
  };
}

/** Writes the rows of an answer as the JSON member `rows`. */
function rowsWriter(plan: ServePlan, options: ResponseOptions): ResponseWriter {
  const writers = plan.types.map((type) => wireWriter(type, options));
  const keys = plan.keys.map(({ name, type }) => ({
    prefix: `${JSON.stringify(name)}:`,
    write: wireWriter(type, options),
  }));
  const allPresentText = statusesText(plan.allPresent);
  const isVector = options.format === 'vector';
  return (served, context) => {
    const [withStatus, withEventTime, withAge] = (['status', 'eventTime', 'ageMillis'] as const).map((kind) =>
      context.metadata.includes(kind),
    );
    let text = '"rows":[';
    for (let row = 0; row < served.rows.length; row++) {
      const servedRow = served.rows[row] as ServedRow; // row < length
      text += `${row === 0 ? '' : ','}{"entity":{${entityText(keys, context.entities[row] ?? [])}},`;
      if (isVector) text += vectorText(plan.types, servedRow.values, context.fill);
      else {
        text += '"values":[';
        text += valuesText(writers, servedRow.values);
        text += ']';
      }
      if (withStatus === true) {
        const { status } = servedRow;
        text += `,"status":${status === plan.allPresent ? allPresentText : statusesText(status)}`;
      }
      if (withEventTime === true) text += `,"eventTime":${eventTimesText(servedRow.eventTimes)}`;
      if (withAge === true) text += `,"ageMillis":${agesText(servedRow.eventTimes, context.asOfMillis)}`;
      text += '}';
    }
    return `${text}]`;
  };
}

function valuesText(writers: readonly WireWriter[], values: readonly Value[]): string {
  let text = '';
  for (let index = 0; index < writers.length; index++) {
    const value = values[index] ?? null;
    if (index > 0) text += ',';
    text += value === null ? 'null' : (writers[index] as WireWriter)(value); // index < length
  }
  return text;
}

interface KeyWriter {
  readonly prefix: string;
  readonly write: WireWriter;
}
const entityText = (keys: readonly KeyWriter[], values: readonly Value[]): string =>
  keys.map(({ prefix, write }, index) => prefix + write(values[index] ?? null)).join(',');

const statusesText = (status: readonly FeatureStatus[]): string => `["${status.join('","')}"]`;

const eventTimesText = (times: readonly (number | null)[]): string =>
  `[${times.map((time) => (time === null ? 'null' : `"${formatInstant(time)}"`)).join(',')}]`;

const agesText = (times: readonly (number | null)[], asOfMillis: number): string =>
  `[${times.map((time) => (time === null ? 'null' : String(asOfMillis - time))).join(',')}]`;

interface MetaContext extends ResponseContext {
  readonly isVector: boolean;
}
function metaText({ service, vectorHash }: ServePlan, served: Served, context: MetaContext): string {
  return JSON.stringify({
    asOf: formatInstant(context.asOfMillis),
    service: service?.name ?? null,
    version: service?.version ?? null,
    definitionHash: service?.definitionHash ?? context.manifestHash,
    partial: served.partial,
    requestId: context.requestId,
    ...(context.isVector ? { vectorHash: filledVectorHash(vectorHash, context.fill) } : {}),
    ...(context.fill === undefined ? {} : { fill: context.fill }),
  });
}

/** As checkAnswerSize, of bytes that are sent as base64. */
export function checkAnswerBytes(bytes: number): void {
  const sent = Math.ceil(bytes / 3) * 4;
  if (sent > maxResponseBytes) throw tooLarge(sent);
}

const tooLarge = (bytes: number): TidemarkError =>
  new TidemarkError(
    'serve.tooLarge',
    `the answer would take ${bytes} bytes, at most ${maxResponseBytes} can be sent; ask for fewer entities or features`,
  );

/** Throws serve.tooLarge where the answer takes more than Lambda sends (6 MB). */
export function checkAnswerSize(text: string): void {
  if (text.length <= surelyFits) return;
  const bytes = Buffer.byteLength(JSON.stringify(text));
  if (bytes > maxResponseBytes) throw tooLarge(bytes);
}
