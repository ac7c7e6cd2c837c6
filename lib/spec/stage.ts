import * as z from 'zod/mini';
import { objectivesSchema } from './objectives.ts';
import { servingLogSchema } from './serving-log.ts';
import { servingSettingsSchema } from './serving-settings.ts';

/** Names of stages, which end up in stack names. */
export const stageNamePattern = /^[a-z][a-z0-9]{0,15}$/;

/**
 * What differs between deployments of one repository. `protectData`: deletion protection, point-in-time recovery and retained buckets
 * (production); without it a deployment can be taken down with its data. Without `account` and `region` the CLI's own decide.
 */
export const stageConfigSchema = z.strictObject({
  account: z.optional(z.string().check(z.regex(/^\d{12}$/))),
  region: z.optional(z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d$/))),
  protectData: z._default(z.boolean(), false),
  /** Days that logs are kept; one of the numbers that CloudWatch Logs offers. */
  logRetentionDays: z._default(
    z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653]),
    30,
  ),
  /** Athena stops a statement that would read more; 10 MB is Athena's own least. */
  bytesScannedCutoffMb: z._default(z.int().check(z.minimum(10), z.maximum(7_000_000)), 100_000),
  serveMemoryMb: z._default(z.int().check(z.minimum(128), z.maximum(10_240)), 1024),
  /** Concurrency, throttles and network of serving: docs/scaling.md, docs/network.md. */
  serving: z.prefault(servingSettingsSchema, {}),
  /** What is promised of serving; `{}` for the usual: docs/service-levels.md. Absent: no alarm of burn rates, and no dashboard for them. */
  objectives: z.optional(objectivesSchema),
  /**
   * Hours that streams keep records, 24 to 8760. Consumers try a curable fault again for as long, so this is the time in which one must be
   * cured: a week holds a long weekend, and longer costs more without end. What was archived before stays for ever.
   */
  streamRetentionHours: z._default(z.int().check(z.minimum(24), z.maximum(8760)), 168),
  /**
   * Seconds that the archive of a stream collects records for one file, 0 to 300. Longer: larger and fewer files; shorter: training sets
   * and backfills see an event sooner.
   */
  archiveWindowSeconds: z._default(z.int().check(z.minimum(0), z.maximum(300)), 60),
  /**
   * Seconds that the cut of a backfill lies ahead of its claim, 15 to 3600: the stream's consumers must all have learned of it before its
   * instant comes. They look every 10 seconds and at the start of a batch, so it is longer than any batch takes. Shorter is for tests.
   */
  backfillCutSeconds: z._default(z.int().check(z.minimum(15), z.maximum(3600)), 300),
  /** Keeps a sample of what is served, row by row with keys and values: docs/serving-log.md. Absent: nothing is kept, and nothing deployed for it. */
  servingLog: z.optional(servingLogSchema),
  /** Where alarms are mailed; absent: alarms only show in the console. */
  alarmEmail: z.optional(z.string().check(z.regex(/^[^@\s]+@[^@\s]+$/))),
});
/** A stage with its defaults filled in. */
export type StageConfig = z.infer<typeof stageConfigSchema>;
/** A stage as written in tidemark.config.ts: every member may be left out. */
export type StageInput = z.input<typeof stageConfigSchema>;

/** The stage as the local cloud can have it: neither Lambda's concurrency nor API Gateway's throttles are there, nor WAF, VPCs, and metrics for alarms. */
export const onLocalCloud = ({ objectives: _, ...stage }: StageConfig): StageConfig => ({
  ...stage,
  serving: servingSettingsSchema.parse({}),
});

/** All stages of a repository by name. */
export const stagesSchema = z.record(z.string().check(z.regex(stageNamePattern)), stageConfigSchema);
