import * as z from 'zod/mini';

const usd = z.number().check(z.gte(0));

/** What AWS charges for serving, in US dollars. */
export const pricesSchema = z.strictObject({
  /** Region and date, for people. */
  of: z.string(),
  /** One read request unit of a table on demand. */
  dynamodbReadUnit: usd,
  lambdaRequest: usd,
  /** A GB of memory for a second, of an environment that started with a request. */
  lambdaGbSecond: usd,
  /** The same while a provisioned environment answers, and beside it while it stands ready. */
  lambdaProvisionedUseGbSecond: usd,
  lambdaProvisionedReadyGbSecond: usd,
  /** Requests to a REST API by tiers of a month: `upTo` requests in all, null for the rest. */
  apiGatewayRequest: z.array(z.strictObject({ upTo: z.nullable(z.number()), usd })).check(z.minLength(1)),
  /** A GB (10^9 bytes) that is taken into CloudWatch Logs. */
  logsGb: usd,
  xrayTrace: usd,
  wafAclMonth: usd,
  wafRuleMonth: usd,
  wafRequest: usd,
});
export type Prices = z.infer<typeof pricesSchema>;

/** List prices without free tiers and discounts; Lambda on ARM. */
export const defaultPrices: Prices = {
  of: 'us-east-1, list prices as known in 2025',
  dynamodbReadUnit: 0.125 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  lambdaGbSecond: 0.000_013_333_4,
  lambdaProvisionedUseGbSecond: 0.000_007_777_8,
  lambdaProvisionedReadyGbSecond: 0.000_003_333_4,
  apiGatewayRequest: [
    { upTo: 333e6, usd: 3.5 / 1e6 },
    { upTo: 1000e6, usd: 2.8 / 1e6 },
    { upTo: 20_000e6, usd: 2.38 / 1e6 },
    { upTo: null, usd: 1.51 / 1e6 },
  ],
  logsGb: 0.5,
  xrayTrace: 5 / 1e6,
  wafAclMonth: 5,
  wafRuleMonth: 1,
  wafRequest: 0.6 / 1e6,
};
