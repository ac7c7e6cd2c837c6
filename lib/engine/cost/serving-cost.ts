import type { Prices } from './prices.ts';
import type { ServingLoad } from './serving-load.ts';

/** How the serving function is deployed. */
export interface ServingSetup {
  readonly memoryMb: number;
  /** Environments that are kept ready; 0: none. */
  readonly provisioned: number;
  readonly hasWebAcl: boolean;
  /** Mean of the function's duration. @default - estimatedMillis */
  readonly millis?: number | undefined;
}

/** One line of the bill. */
export interface CostLine {
  readonly of: string;
  /** In a month. */
  readonly quantity: number;
  readonly unit: string;
  readonly usd: number;
}

export interface ServingCost {
  readonly requestsPerMonth: number;
  readonly readUnitsPerRequest: number;
  readonly millisPerRequest: number;
  /** Environments that are busy at a time, on average. */
  readonly concurrency: number;
  readonly lines: readonly CostLine[];
  readonly usdPerMonth: number;
}

/** 730 hours: a twelfth of a year, as AWS counts. */
const monthSeconds = 730 * 3600;
/** DynamoDB bills reads by so many bytes of an item, eventually consistent ones half a unit each. */
const unitBytes = 4096;
/** Lines of a request in the function's and the API's logs, with its metrics: about so many bytes. */
const logBytes = 2000;
/** X-Ray's default: the first request of a second, and of the others this share. */
const tracedShare = 0.05;
/** Of the web ACL, as lib/infra makes it. */
const webAclRules = 3;

/** What a month of a load costs. Pure; no free tiers, and no data transfer, which depends on where callers are. */
export function servingCost(load: ServingLoad, setup: ServingSetup, prices: Prices): ServingCost {
  const { requestsPerSecond } = load;
  const requests = requestsPerSecond * monthSeconds;
  const readUnits = readUnitsOf(load);
  const millis = setup.millis ?? estimatedMillis(load, setup.memoryMb);
  const traces = (Math.min(1, requestsPerSecond) + tracedShare * Math.max(0, requestsPerSecond - 1)) * monthSeconds;
  const lines: CostLine[] = [
    at(prices.dynamodbReadUnit, { of: 'DynamoDB reads', unit: 'read units', quantity: requests * readUnits }),
    at(prices.lambdaRequest, { of: 'Lambda requests', unit: 'requests', quantity: requests }),
    ...lambdaTime({ requests, millis }, setup, prices),
    { of: 'API Gateway', unit: 'requests', quantity: requests, usd: tiered(requests, prices.apiGatewayRequest) },
    at(prices.logsGb, { of: 'CloudWatch Logs', unit: 'GB', quantity: (requests * logBytes) / 1e9 }),
    at(prices.xrayTrace, { of: 'X-Ray', unit: 'traces', quantity: traces }),
    ...(setup.hasWebAcl
      ? [
          at(prices.wafRequest, { of: 'WAF requests', unit: 'requests', quantity: requests }),
          at(prices.wafAclMonth + webAclRules * prices.wafRuleMonth, { of: 'WAF', unit: 'ACL and rules', quantity: 1 }),
        ]
      : []),
  ];
  return {
    requestsPerMonth: requests,
    readUnitsPerRequest: readUnits,
    millisPerRequest: millis,
    concurrency: (requestsPerSecond * millis) / 1000,
    lines,
    usdPerMonth: sumOf(lines, ({ usd }) => usd),
  };
}

/** A query is billed by all that it reads together, single keys each by itself; what is not there costs as much as a little. */
function readUnitsOf({ entities, itemBytes, readsWholeEntity }: ServingLoad): number {
  const units = (bytes: number): number => Math.max(1, Math.ceil(bytes / unitBytes)) / 2;
  if (readsWholeEntity && entities === 1) return units(sumOf(itemBytes, (bytes) => bytes));
  return entities * sumOf(itemBytes, units);
}

/**
 * Milliseconds that Lambda bills for a request, in whole ones: one read of DynamoDB takes about 4, the handler 0.4 and 0.6 for each thousand
 * values on a whole core (docs/measurements.md), which is 1,769 MB; with less memory its share of it.
 */
export function estimatedMillis({ entities, features }: ServingLoad, memoryMb: number): number {
  const cpuMillis = 0.4 + 0.0006 * entities * features;
  return Math.ceil(4 + cpuMillis * Math.max(1, 1769 / memoryMb));
}

/** Provisioned environments take the requests first; what they cannot starts environments of its own. */
function lambdaTime(
  { requests, millis }: { readonly requests: number; readonly millis: number },
  { memoryMb, provisioned }: ServingSetup,
  prices: Prices,
): CostLine[] {
  const gb = memoryMb / 1024;
  const busySeconds = (requests * millis) / 1000;
  const provisionedSeconds = Math.min(busySeconds, provisioned * monthSeconds);
  const time = (of: string, seconds: number) => ({ of, unit: 'GB-s', quantity: seconds * gb });
  return [
    at(prices.lambdaGbSecond, time('Lambda time', busySeconds - provisionedSeconds)),
    ...(provisioned > 0
      ? [
          at(prices.lambdaProvisionedUseGbSecond, time('Lambda time, provisioned', provisionedSeconds)),
          at(prices.lambdaProvisionedReadyGbSecond, time('Lambda kept ready', provisioned * monthSeconds)),
        ]
      : []),
  ];
}

const at = (price: number, line: Omit<CostLine, 'usd'>): CostLine => ({ ...line, usd: line.quantity * price });

function tiered(quantity: number, tiers: Prices['apiGatewayRequest']): number {
  let [usd, from] = [0, 0];
  for (const tier of tiers) {
    const to = Math.min(quantity, tier.upTo ?? Number.POSITIVE_INFINITY);
    usd += Math.max(0, to - from) * tier.usd;
    from = Math.max(from, to);
  }
  return usd;
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}
