import { openParquet, readColumns } from '#codec/parquet-read.ts';
import { viewId } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import { servingLogSource } from '#spec/serving-log.ts';
import type { Objects } from '#store/objects.ts';
import { objectSource } from '../object-source.ts';
import { logFiles } from '../serving-log/read-log.ts';

/** Rows of answers of one definition of a service. */
export interface ServiceAnswers {
  /** `name@version`. */
  readonly service: string;
  readonly definitionHash: string;
  /** One for each entity of an answer; those that a retry put into the log twice count twice. */
  readonly rows: number;
  /** Instant of the last answer, epoch milliseconds. */
  readonly lastMillis: number;
}

/** Instants of answers, epoch milliseconds: from inclusive, to exclusive. */
export interface AnswerRange {
  readonly fromMillis: number;
  readonly toMillis: number;
}

/** Files that are read at a time: a day of the log may have a thousand small ones. */
const filesAtOnce = 32;

/** Counts the serving log's rows of a range. Of each file only who answered and when is read; memory: `filesAtOnce` of those. */
export async function readAnswers(
  objects: Pick<Objects, 'list' | 'head' | 'getRange'>,
  range: AnswerRange,
): Promise<readonly ServiceAnswers[]> {
  const counted = new Map<string, ServiceAnswers>();
  const count = async (keys: readonly string[]): Promise<void> => {
    const files = await Promise.all(keys.map((key) => answersOfFile(objects, key)));
    for (const { service, definitionHash, lastMillis } of files.flat()) {
      if (lastMillis < range.fromMillis || lastMillis >= range.toMillis) continue;
      const id = `${service} ${definitionHash}`;
      const so = counted.get(id);
      counted.set(id, {
        service,
        definitionHash,
        rows: (so?.rows ?? 0) + 1,
        lastMillis: Math.max(so?.lastMillis ?? lastMillis, lastMillis),
      });
    }
  };
  let keys: string[] = [];
  for await (const key of logFiles(objects, range)) {
    keys.push(key);
    if (keys.length < filesAtOnce) continue;
    await count(keys);
    keys = [];
  }
  await count(keys);
  return [...counted.values()];
}

async function answersOfFile(
  objects: Pick<Objects, 'head' | 'getRange'>,
  key: string,
): Promise<readonly Omit<ServiceAnswers, 'rows'>[]> {
  const file = await openParquet(await objectSource(objects, key));
  const [names, versions, hashes, instants] = await readColumns(file, [
    { name: 'service', as: 'string' },
    { name: 'version', as: 'int32' },
    { name: 'definition_hash', as: 'string' },
    { name: 'as_of', as: 'timestamp' },
  ]);
  return Array.from({ length: file.rowCount }, (_, at) => ({
    service: viewId({ name: String(names?.[at]), version: Number(versions?.[at]) }),
    definitionHash: String(hashes?.[at]),
    lastMillis: Number(instants?.[at]),
  }));
}

/** UTC date of the oldest rows that the log still has, as `2026-11-21`; undefined for a log without any. */
export async function oldestAnswerDate(objects: Pick<Objects, 'list'>): Promise<string | undefined> {
  const folder = `${objectKeys.events(servingLogSource)}dt=`;
  for await (const { key } of objects.list(folder)) return key.slice(folder.length, folder.length + 10);
  return undefined;
}
