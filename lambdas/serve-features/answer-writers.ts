import { msgpackResponseWriter } from '#engine/serve/msgpack.ts';
import { npyResponse } from '#engine/serve/npy.ts';
import type { ServePlan } from '#engine/serve/plan.ts';
import { checkAnswerBytes, responseWriter } from '#engine/serve/response.ts';
import type { ResponseContext } from '#engine/serve/response-context.ts';
import type { Served } from '#engine/serve/serve-features.ts';
import { filledVectorHash } from '#engine/vector-hash.ts';
import { formatInstant } from '#semantics/time.ts';
import { viewId } from '#spec/find.ts';
import { answerMediaTypes } from '#spec/layout.ts';
import type { CheckedRequest } from './read-request.ts';

/** A body that is not text. */
export interface BinaryBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}
type AnswerWriter = (served: Served, context: ResponseContext) => string | BinaryBody;

/** Writers of answers in the encoding, format and options of a request; each lives as long as the plan that it is made for. */
export function answerWriters(): (request: CheckedRequest) => AnswerWriter {
  const kept = new WeakMap<ServePlan, Map<string, AnswerWriter>>();
  return (request) => {
    const { plan, encoding, format, int64, dtype } = request;
    const writers = kept.get(plan) ?? new Map<string, AnswerWriter>();
    kept.set(plan, writers);
    const form = `${encoding} ${format} ${int64} ${dtype}`;
    const writer = writers.get(form) ?? answerWriter(request);
    writers.set(form, writer);
    return writer;
  };
}

function answerWriter({ plan, encoding, format, int64, dtype }: CheckedRequest): AnswerWriter {
  if (encoding === 'json') return responseWriter(plan, { int64, format });
  if (encoding === 'msgpack') {
    const write = msgpackResponseWriter(plan, format);
    return (served, context) => binary(write(served, context), { 'content-type': answerMediaTypes.msgpack });
  }
  return (served, context) => {
    const { fill, asOfMillis } = context;
    const bytes = npyResponse(served, { columns: plan.names.length, dtype, fill });
    return binary(bytes, {
      'content-type': answerMediaTypes.npy,
      'x-tidemark-as-of': formatInstant(asOfMillis),
      'x-tidemark-partial': String(served.partial),
      'x-tidemark-vector-hash': filledVectorHash(plan.vectorHash, fill),
      ...(plan.service ? { 'x-tidemark-service': viewId(plan.service) } : {}),
    });
  };
}

function binary(bytes: BinaryBody['bytes'], headers: BinaryBody['headers']): BinaryBody {
  checkAnswerBytes(bytes.length);
  return { bytes, headers };
}
