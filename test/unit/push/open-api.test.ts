import { expect, it } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '#lambdas/serve-features/open-api.ts';
import { repository } from '#test/unit/serve/shop.ts';
import { manifest, nowMillis, order, pushApi } from './shop.ts';

const document = openApiDocument(manifest);
/** Validators made of the published JSON Schemas themselves. */
const schema = (name: 'PushRequest' | 'PushResponse') =>
  z.fromJSONSchema(document.components.schemas[name] as Parameters<typeof z.fromJSONSchema>[0]); // JSON Schema by construction

it('describes how events are pushed where there is a stream source, and not elsewhere', () => {
  expect(document.paths['/v1/push/{source}']?.post.parameters[0]?.schema.enum).toEqual(['orders']);
  expect(Object.keys(openApiDocument(repository.manifest).paths)).not.toContain('/v1/push/{source}');
});

it('has an example of every stream source that the API accepts at its time', async () => {
  const examples = document.paths['/v1/push/{source}']?.post.requestBody.content['application/json'].examples ?? {};
  expect(Object.keys(examples)).toEqual(['orders']);
  for (const { value } of Object.values(examples)) {
    expect(schema('PushRequest').safeParse(value).success).toBe(true);
    expect(Date.parse('2026-01-31T09:30:00Z')).toBe(nowMillis);
    const answer = JSON.parse((await pushApi().push(value.events)).body);
    expect(answer.results).toEqual([expect.objectContaining({ status: 'accepted' })]);
  }
});

it('has schemas that hold for answers, and refuse others', async () => {
  const answer = JSON.parse((await pushApi().push([order(), 'no'])).body);
  expect(schema('PushResponse').safeParse(answer).error).toBeUndefined();
  expect(schema('PushResponse').safeParse({ ...answer, delivery: 'maybe' }).success).toBe(false);
  expect(schema('PushRequest').safeParse({ events: [] }).success).toBe(false);
  expect(schema('PushRequest').safeParse({ events: [{}], to: 'online' }).success).toBe(false);
});
