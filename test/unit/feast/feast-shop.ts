import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import type { Repository } from '#spec/transform.ts';
import { nowMillis, repository as shop, type WatchedRows } from '#test/unit/serve/shop.ts';

const recorded = z.object({
  feast: z.literal('0.67.0'),
  answers: z.array(
    z.object({ name: z.string(), path: z.string(), request: z.unknown(), status: z.int(), body: z.string() }),
  ),
});
export type RecordedAnswer = z.infer<typeof recorded>['answers'][number];

/** Answers of Feast's own server over the rows of storeRows; test/golden/feast/record.py made them. */
export const recordedAnswers: readonly RecordedAnswer[] = recorded.parse(
  JSON.parse(readFileSync(new URL('../../golden/feast/answers.json', import.meta.url), 'utf8')),
).answers;

/** The shop without aliases: Feast's services have none. */
export const repository: Repository = {
  ...shop,
  manifest: {
    ...shop.manifest,
    services: shop.manifest.services.map((service) => ({
      ...service,
      features: service.features.map((feature) => ({ ...feature, name: `${feature.view}__${feature.feature}` })),
    })),
  },
};

/** The rows that the recording was made over. */
export async function storeRows(rows: WatchedRows): Promise<void> {
  await rows.store('orders', [1n], { values: [4n, 10, Math.fround(0.1)] });
  await rows.store('orders', [2n], { values: [9007199254740993n, 0.1, 2], eventTimeMillis: nowMillis + 1000 });
  await rows.store('orders', [3n], { values: [null, Number.POSITIVE_INFINITY, Math.fround(1e-7)] });
  await rows.store('everything', [1n], {
    values: [
      -7,
      -9223372036854775807n,
      16777216,
      1e300,
      'ü "quoted"\n',
      true,
      Date.UTC(2025, 0, 2, 3, 4, 5),
      Uint8Array.of(0, 1, 2),
      [9007199254740993n, -1n],
    ],
  });
  await rows.store('everything', [2n], { values: [null, null, null, 3, '', false, null, null, []] });
  await rows.store('lane_stats', ['a', 'bc'], { values: [30] });
}

/** JSON.parse with every number as the text it was written as, exponents alike: `2.0` is not `2`. */
export function exactJson(text: string): unknown {
  const asWritten = (_: string, value: unknown, context: { readonly source?: string }): unknown =>
    typeof value === 'number' ? `number ${context.source?.replace(/e([+-])0+/, 'e$1')}` : value;
  return JSON.parse(text, asWritten as (key: string, value: unknown) => unknown);
}

const answer = z.object({
  results: z.array(z.record(z.string(), z.unknown())),
  metadata: z.object({ feature_names: z.array(z.string()) }),
});

/** An answer's columns by name: Feast puts features in another order each time it starts. */
export function columnsOf(text: string): Record<string, unknown> {
  const { results, metadata } = answer.parse(exactJson(text));
  return Object.fromEntries(metadata.feature_names.map((name, index) => [name, results[index]]));
}

/** An error's body; names in a set are sorted, for Feast has another order each time it starts. */
export function errorJson(body: string): unknown {
  const json: unknown = JSON.parse(body);
  const sorted = (_: string, names: string) => `[${names.split(', ').sort().join(', ')}]`;
  return typeof json === 'string' ? JSON.parse(json.replace(/\[([^\]]+)\]/, sorted)) : json;
}
