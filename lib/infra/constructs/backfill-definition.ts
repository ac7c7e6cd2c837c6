import {
  planState,
  type RunMachine,
  type RunStepFunctions,
  selectionStates,
  task,
} from '#infra/constructs/run-states.ts';
import { guarded, isNext, type State } from '#infra/constructs/states.ts';

/** Functions of the states. Those of statements, split and end are materialization's own. */
export interface BackfillFunctions extends RunStepFunctions {
  readonly planBackfill: string;
  readonly awaitArchive: string;
  readonly mergeHistory: string;
}

export interface BackfillDefinitionProps extends RunMachine {
  readonly functions: BackfillFunctions;
  /** How long a backfill may take, waiting for its cut included. */
  readonly timeoutSeconds: number;
}

/** Mergers at once: they share the items with the live stream, which must not be throttled by them. */
export const mergersAtOnce = 8;

/**
 * The state machine of a backfill in Amazon States Language: plan, wait for the cut and the archive, select, merge, reconcile. Input
 * `{ "view": "name[@version]", "rebuild"?: true }`. States hand on names only; any error ends in `Failed` with a sentence.
 */
export function backfillDefinition(props: BackfillDefinitionProps): State {
  const { functions, timeoutSeconds } = props;
  return {
    Comment: 'One backfill of one view over a stream: plan, wait for the archive, select, merge, reconcile',
    StartAt: 'Plan',
    TimeoutSeconds: timeoutSeconds,
    States: {
      Plan: planState(props, functions.planBackfill),
      Planned: { Type: 'Choice', Choices: [isNext('wait', 'AwaitArchive')], Default: 'Done' },
      AwaitArchive: guarded({ ...task(props, functions.awaitArchive, { 'run.$': '$.run' }), Next: 'Awaited' }),
      Awaited: { Type: 'Choice', Choices: [isNext('wait', 'WaitForArchive')], Default: 'SelectHistory' },
      WaitForArchive: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'AwaitArchive' },
      ...selectionStates(props, {
        select: 'SelectHistory',
        map: 'MergeHistory',
        item: 'MergeItem',
        itemFunction: functions.mergeHistory,
        itemsAtOnce: mergersAtOnce,
      }),
    },
  };
}
