import { eventArchiver } from '#engine/ingest/archive-batch.ts';
import { type ServingLogOptions, servingLog } from '#engine/serving-log/serving-log.ts';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import { serveRoutes } from '#lambdas/serve-features/routes.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import type { ParquetSource } from '#spec/manifest.ts';
import { servingLogSource } from '#spec/serving-log.ts';
import type { Repository } from '#spec/transform.ts';
import type { ColumnType } from '#spec/value-type.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';
import { nowMillis, repository as shop, WatchedRows } from '#test/unit/serve/shop.ts';

const everything = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list_int64'];

const sourceOf = (name: string, columns: Readonly<Record<string, ColumnType>>): ParquetSource => ({
  kind: 'parquet',
  name,
  location: `${name}/`,
  schema: Object.entries({ ...columns, at: 'timestamp' as const }).map(([column, type]) => ({ name: column, type })),
  eventTime: 'at',
  description: 'rows of the shop',
  tags: {},
});

/** The shop with its sources, and a service of every type of value. */
export const repository: Repository = {
  ...shop,
  manifest: {
    ...shop.manifest,
    sources: [
      ...shop.manifest.sources,
      sourceOf('order_events', { customer_id: 'int64' }),
      sourceOf('profiles', { customer_id: 'int64', x: 'int64' }),
      sourceOf('lanes', { origin: 'string', target: 'string', minutes: 'int32' }),
    ],
    services: [
      ...shop.manifest.services,
      {
        name: 'types',
        version: 1,
        definitionHash: 'e'.repeat(64),
        description: 'every type',
        tags: {},
        features: everything.map((type) => ({
          view: 'everything',
          version: 2,
          feature: `a_${type}`,
          name: `everything__a_${type}`,
        })),
      },
    ],
  },
};

/** The serving API of the shop with its log: a stream in memory and the archive of streams behind it. */
export class LoggedShop {
  readonly rows = new WatchedRows();
  readonly objects = new MemoryObjects();
  readonly stream: MemoryEventStream;
  readonly counts = { logged: 0, dropped: 0 };
  readonly #checkpoints = new MemoryCheckpoints();
  readonly #handler;
  #requests = 0;

  constructor(options: Partial<ServingLogOptions> = {}) {
    this.stream = new MemoryEventStream({ shards: 2, clock: () => nowMillis + 20 });
    const { logger } = createTelemetry('serve-features', { project: 'shop', stage: 'dev' });
    logger.setLogLevel('SILENT');
    const log = servingLog({
      rule: { sample: 1 },
      stream: this.stream,
      writer: 'one',
      report: ({ logged, dropped }) => {
        this.counts.logged += logged;
        this.counts.dropped += dropped;
      },
      ...options,
    });
    this.#handler = createHttpHandler({
      routes: serveRoutes({
        repository,
        rows: this.rows,
        clock: () => nowMillis,
        report: () => undefined,
        servingLog: log,
      }),
      identify: createIdentify({ checkToken: async () => true, clock: Date.now, stage: 'dev' }),
      logger,
    });
  }

  post(path: string, body: object): Promise<{ readonly status: number; readonly text: string }> {
    return this.postText(path, JSON.stringify(body));
  }

  async postText(path: string, sent: string): Promise<{ readonly status: number; readonly text: string }> {
    const headers = { authorization: 'Bearer right', 'x-request-id': `request-${this.#requests++}` };
    const event = proxyEvent('POST', path, { headers, body: sent });
    const { statusCode, body: text } = await this.#handler(event, lambdaContext());
    return { status: statusCode, text };
  }

  /** Hands the stream's records to the archive, in batches of at most so many, each twice. */
  async archive(batchRecords = 3): Promise<void> {
    const archive = eventArchiver(
      {
        manifest: repository.manifest,
        objects: this.objects,
        checkpoints: this.#checkpoints,
        partitions: { registerNew: async () => undefined },
      },
      servingLogSource,
    );
    for (const shard of await this.stream.shards()) {
      const records: StreamRecord[] = [];
      for (let isAtEnd = false; !isAtEnd; ) {
        const page = await this.stream.read(shard, records.at(-1)?.sequence);
        records.push(...page.records);
        isAtEnd = page.isAtEnd;
      }
      for (let start = 0; start < records.length; start += batchRecords) {
        await archive(records.slice(start, start + batchRecords));
        await archive(records.slice(Math.max(0, start - 1), start + batchRecords));
      }
    }
  }
}
