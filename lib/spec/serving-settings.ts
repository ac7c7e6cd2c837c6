import * as z from 'zod/mini';

/** Requests a second on average, and how many at once after a pause: API Gateway's token bucket, over all callers. */
const throttleSchema = z.strictObject({
  perSecond: z.int().check(z.minimum(1), z.maximum(100_000)),
  burst: z.int().check(z.minimum(1), z.maximum(100_000)),
});
export type Throttle = z.infer<typeof throttleSchema>;

const environments = z.int().check(z.minimum(1), z.maximum(100_000));

/** Execution environments of the serving function that are started before a request needs them; one answers one request at a time. */
const provisionedConcurrencySchema = z
  .strictObject({
    /** Ready at any time. */
    least: environments,
    /** With load, up to this many. @default - `least`: nothing is scaled */
    most: z.optional(environments),
    /** Share of the ready ones that is in use, by which their number follows the load between `least` and `most`. */
    utilization: z._default(z.number().check(z.minimum(0.1), z.maximum(0.9)), 0.7),
  })
  .check(z.refine(({ least, most = least }) => most >= least, 'most must not be less than least'));
export type ProvisionedConcurrency = z.infer<typeof provisionedConcurrencySchema>;

/** How many environments may be ready at most. */
export const mostProvisioned = ({ least, most }: ProvisionedConcurrency): number => most ?? least;

/** Requests that never reach API Gateway: a web ACL in a stack of its own. */
const webAclSchema = z.strictObject({
  /** Requests of one address in five minutes; behind a proxy all its callers are one address. */
  perAddress: z._default(z.int().check(z.minimum(10), z.maximum(2_000_000_000)), 100_000),
  /** KiB of a body on routes that take no events or rows: as many as the rules look at, which beyond 16 costs more. */
  bodyKb: z._default(z.literal([16, 32, 48, 64]), 64),
});
export type WebAclSettings = z.infer<typeof webAclSchema>;

const awsId = (kind: string) =>
  z.string().check(z.regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `must be ${kind}-...`));

/** An API that is reached through interface endpoints of VPCs and by no other way. */
const privateApiSchema = z
  .strictObject({
    /** Endpoints for `execute-api` that exist. */
    endpoints: z._default(z.array(awsId('vpce')), []),
    /** One that is made, with private DNS: names of all API Gateway APIs lead to it inside the VPC, so a VPC can have one. */
    newEndpoint: z.optional(
      z.strictObject({
        vpc: awsId('vpc'),
        subnets: z.array(awsId('subnet')).check(z.minLength(1)),
        /** They must let callers in on port 443. */
        securityGroups: z.array(awsId('sg')).check(z.minLength(1)),
      }),
    ),
  })
  .check(
    z.refine(
      ({ endpoints, newEndpoint }) => endpoints.length > 0 || newEndpoint !== undefined,
      'needs endpoints or newEndpoint; nothing could reach the API',
    ),
  );
export type PrivateApi = z.infer<typeof privateApiSchema>;

/**
 * How much the serving function and the API of a stage take, and who reaches them. The local cloud has none of it: a deployment there
 * gets the defaults.
 */
export const servingSettingsSchema = z
  .strictObject({
    /** @default - environments start with the requests that need them */
    provisionedConcurrency: z.optional(provisionedConcurrencySchema),
    /** Most environments of the serving function at once; the account keeps as many for it alone. @default - what the account has left */
    reservedConcurrency: z.optional(environments),
    /** Of each route that has none of its own. */
    throttle: z._default(throttleSchema, { perSecond: 1000, burst: 2000 }),
    /** Of each route that takes events or rows. @default - as `throttle` */
    pushThrottle: z.optional(throttleSchema),
    /** Of each route that starts a run or a training set, and Athena statements with it. @default - as `throttle` */
    jobThrottle: z.optional(throttleSchema),
    /** @default - none: attach one to the stage's ARN by other means, or do without */
    webAcl: z.optional(webAclSchema),
    /** @default - the API is reached from the internet; who is answered is decided by tokens in either case */
    privateApi: z.optional(privateApiSchema),
  })
  .check(
    z.refine(
      ({ provisionedConcurrency: ready, reservedConcurrency: reserved }) =>
        !ready || reserved === undefined || mostProvisioned(ready) <= reserved,
      'reservedConcurrency must not be less than the environments of provisionedConcurrency',
    ),
  );
