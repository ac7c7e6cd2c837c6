import * as z from 'zod/mini';
import type { ServiceUse, Uses } from '#spec/impact.ts';
import { viewSchema } from '#spec/manifest.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import { type ApiAddress, callApi } from '../api.ts';

/** The catalog's answer on a service, as far as it says what is used. */
const serviceSchema = z.object({
  name: z.string(),
  version: z.int(),
  owner: z.optional(z.string()),
  tags: z.record(z.string(), z.string()),
  features: z.array(z.object({ feature: z.string().check(z.regex(/^\w+@\d+:\w+$/)) })),
});

/**
 * The deployed views of these ids, and the deployed services that name one of them. A view that another release of Tidemark declared in a form
 * that this one does not know is left out.
 */
export async function deployedUses(target: ApiAddress, ids: readonly string[]): Promise<Uses> {
  const catalog = (await askedFor(target, '/v1/feature-views', ids)).map((answer) => {
    const { id: _id, keys: _keys, services, ...view } = z.record(z.string(), z.unknown()).parse(answer);
    return { view: viewSchema.safeParse(view).data, services: z.array(z.string()).safeParse(services).data ?? [] };
  });
  const named = [...new Set(catalog.flatMap(({ services }) => services))];
  const services = await askedFor(target, '/v1/feature-services', named);
  return { views: catalog.flatMap(({ view }) => view ?? []), services: services.map(serviceOf) };
}

/** The API has a throttle, which a repository of hundreds of views would meet. */
const requestsAtOnce = 8;

/** The answers on all ids, in their order. */
async function askedFor(target: ApiAddress, path: string, ids: readonly string[]): Promise<readonly unknown[]> {
  const answers = new Map<string, unknown>();
  await forEachConcurrent(ids, requestsAtOnce, async (id) => {
    answers.set(id, await callApi(target, `${path}/${id}`));
  });
  return ids.map((id) => answers.get(id));
}

function serviceOf(answer: unknown): ServiceUse {
  const { features, ...service } = serviceSchema.parse(answer);
  return {
    ...service,
    features: features.map(({ feature: reference }) => {
      const [view = '', version = '', feature = ''] = reference.split(/[@:]/);
      return { view, version: Number(version), feature };
    }),
  };
}
