import type { IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';

/** When to raise an alarm, and where it is told what to do. */
export interface AlarmRule {
  /** Heading of docs/runbook.md, as its anchor. */
  readonly runbook: string;
  readonly what: string;
  readonly metric: IMetric;
  /** Alarms at values greater than this. */
  readonly above: number;
  /** @default 1 */
  readonly periods?: number;
  /** Of the periods, how many must breach. @default - all */
  readonly breaching?: number;
  /** @default - missing data is fine: no traffic, no trouble */
  readonly missing?: TreatMissingData;
}
