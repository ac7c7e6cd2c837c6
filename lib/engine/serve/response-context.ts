import type { Value } from '#spec/value-type.ts';

/** What is known of a request besides its rows. */
export interface ResponseContext {
  readonly asOfMillis: number;
  readonly requestId: string;
  /** Of the deployment, for requests that list features. */
  readonly manifestHash: string;
  /** Per row, the values of the plan's keys. */
  readonly entities: readonly (readonly Value[])[];
  /** What the answer has besides values. */
  readonly metadata: readonly ('status' | 'eventTime' | 'ageMillis' | 'version' | 'type')[];
  /** Finite: what stands for nulls in vectors; undefined leaves them null. */
  readonly fill?: number | undefined;
}
