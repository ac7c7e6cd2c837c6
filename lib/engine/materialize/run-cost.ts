const bytesPerTerabyte = 2 ** 40;
/** US dollars, us-east-1, on demand. */
const athenaPerTerabyte = 5;
const writePerMillionUnits = 0.625;
/** Athena bills at least this much for a statement. */
const leastBytesPerStatement = 10 * 2 ** 20;

export interface RunUsage {
  /** Bytes scanned by each statement. */
  readonly bytesScanned: readonly number[];
  /** DynamoDB write units, those of refused conditional writes included. */
  readonly writeUnits: number;
}

/**
 * Estimate in US dollars: $5 per terabyte that Athena scanned, at least 10 MB a statement, and $0.625 per million write units,
 * since a write whose condition fails is billed too. Step Functions, Lambda and S3 requests are left out: cents per run.
 */
export function runCostEstimate({ bytesScanned, writeUnits }: RunUsage): number {
  return athenaCostEstimate(bytesScanned) + (writeUnits / 1_000_000) * writePerMillionUnits;
}

/** US dollars that Athena asks for statements which scan so many bytes each. */
export function athenaCostEstimate(bytesScanned: readonly number[]): number {
  const billed = bytesScanned.reduce((sum, bytes) => sum + Math.max(bytes, leastBytesPerStatement), 0);
  return (billed / bytesPerTerabyte) * athenaPerTerabyte;
}

/** Write units of one put of an item of that size: one per started KB. */
export const writeUnits = (itemBytes: number): number => Math.max(1, Math.ceil(itemBytes / 1024));
