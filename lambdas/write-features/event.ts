import * as z from 'zod/mini';

/** Longest body of rows, in UTF-8 bytes. */
export const maximumFrameBytes = 5 * 1024 * 1024;

const frame = z
  .record(z.string(), z.array(z.unknown()))
  .check(z.describe('columns with a value for each row; timestamps as ISO 8601 (UTC without a zone) or epoch seconds'));

/** Body of POST /push. Other members are passed over, as Feast does; so in all bodies here. */
export const pushBodySchema = z.object({
  push_source_name: z.string().check(z.describe('name of a stream or Parquet source')),
  df: frame,
  to: z.optional(z.string().check(z.describe('online (the default), offline or online_and_offline'))),
});

/** Body of POST /write-to-online-store. */
export const writeBodySchema = z.object({
  feature_view_name: z.string().check(z.describe('name[@version] of a table view')),
  df: frame,
});

const views = z.nullish(z.array(z.string()).check(z.describe('absent or null: all that runs materialize')));
const version = z.nullish(z.string().check(z.describe('v<version>, of the one view that is named')));

/** Body of POST /materialize. */
export const materializeBodySchema = z.object({
  start_ts: z.nullish(z.string()),
  end_ts: z.nullish(z.string()),
  feature_views: views,
  disable_event_timestamp: z.optional(z.boolean()),
  version,
});
export type MaterializeBody = z.infer<typeof materializeBodySchema>;

/** Body of POST /materialize-incremental. */
export const incrementalBodySchema = z.object({ end_ts: z.string(), feature_views: views, version });

/** Answer of both where runs go on when it is given. */
export const acceptedSchema = z.strictObject({ status: z.literal('accepted'), feature_views: z.array(z.string()) });
