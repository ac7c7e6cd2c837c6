import { answerMediaTypes } from '#spec/layout.ts';

export type AnswerEncoding = 'json' | keyof typeof answerMediaTypes;

const encodings: Readonly<Record<string, AnswerEncoding>> = {
  'application/json': 'json',
  '*/*': 'json',
  [answerMediaTypes.msgpack]: 'msgpack',
  [answerMediaTypes.npy]: 'npy',
};

/** The first of the types in an Accept header that answers are written in; JSON where there is none. Weights are passed over, as API Gateway does. */
export function answerEncoding(accept: string | undefined): AnswerEncoding {
  for (const part of (accept ?? '').split(',')) {
    const encoding = encodings[part.split(';')[0]?.trim().toLowerCase() ?? ''];
    if (encoding) return encoding;
  }
  return 'json';
}
