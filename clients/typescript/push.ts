import { answerObject } from './answer-json.ts';

/** What became of one event. */
export type PushOutcome =
  | { readonly status: 'accepted'; readonly shard: string; readonly sequence: string }
  | { readonly status: 'rejected' | 'failed'; readonly code: string; readonly message: string };

export interface PushAnswer {
  /** In the order of the events: accepted, rejected (never to be accepted as it is), or failed (push it again). */
  readonly results: readonly PushOutcome[];
  readonly accepted: number;
  readonly rejected: number;
  readonly failed: number;
  /** `exactlyOnce`: an event that is pushed again counts once. */
  readonly delivery: string;
  /** Accepted events count in served values by then, in nearly all cases. */
  readonly visibleWithinMillis: number;
}

export function pushAnswer(json: unknown): PushAnswer {
  const answer = answerObject(json);
  const results = answer.list('results').map((item): PushOutcome => {
    const result = answerObject(item);
    const status = result.text('status');
    if (status === 'accepted') return { status, shard: result.text('shard'), sequence: result.text('sequence') };
    const error = result.object('error');
    const outcome = status === 'rejected' ? status : 'failed';
    return { status: outcome, code: error.text('code'), message: error.text('message') };
  });
  return {
    results,
    accepted: Number(answer.optional('accepted')),
    rejected: Number(answer.optional('rejected')),
    failed: Number(answer.optional('failed')),
    delivery: answer.text('delivery'),
    visibleWithinMillis: Number(answer.optional('visibleWithinMillis')),
  };
}
