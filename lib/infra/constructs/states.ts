/** What the state machines of our jobs share, in Amazon States Language. */
export type State = Readonly<Record<string, unknown>>;

/** Errors that may pass; the first is the name that lambdas/run-step.ts gives to its own. All others end a job at once. */
const passingErrors = [
  'tidemark.passing',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'States.Timeout',
];

export const retryPassing: State = {
  ErrorEquals: passingErrors,
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxAttempts: 5,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

/** The choice of `state` when the step before said `next`. */
export const isNext = (next: string, state: string): State => ({ Variable: '$.next', StringEquals: next, Next: state });

/** Any error of the state ends in `Fail`, which writes it down. */
export const guarded = (state: State): State => ({
  ...state,
  Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Fail' }],
});
