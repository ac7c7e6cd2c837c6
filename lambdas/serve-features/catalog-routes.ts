import { seenBy } from '#engine/access/seen.ts';
import { planFeatures } from '#engine/feature-plan.ts';
import { vectorHashOf } from '#engine/vector-hash.ts';
import type { HttpResponse, Route } from '#lambdas/http/router.ts';
import { findEntity, findView, viewId } from '#spec/find.ts';
import type { Manifest, View } from '#spec/manifest.ts';

/** GET /v1/feature-views, /v1/feature-views/{name} and /v1/feature-services/{name}, answered from what the caller may know of the manifest. */
export function catalogRoutes(manifest: Manifest): Route[] {
  return [
    {
      method: 'GET',
      pattern: '/v1/feature-views',
      handle: ({ principal }) => json({ views: seenBy(manifest, principal.grants).views.map(summaryOf) }),
    },
    {
      method: 'GET',
      pattern: '/v1/feature-views/{name}',
      handle: ({ parameters, principal }) => {
        const { views, services } = seenBy(manifest, principal.grants);
        const seen = { ...manifest, views: [...views], services: [...services] };
        return json(viewAnswer(seen, findView(seen, parameters.name ?? '')));
      },
    },
    {
      method: 'GET',
      pattern: '/v1/feature-services/{name}',
      handle: ({ parameters, principal }) => {
        const { services } = seenBy(manifest, principal.grants);
        return json(serviceAnswer({ ...manifest, services: [...services] }, parameters.name ?? ''));
      },
    },
  ];
}

const json = (content: unknown): HttpResponse => ({ body: JSON.stringify(content), isMetadata: true });

const summaryOf = (view: View) => ({
  id: viewId(view),
  name: view.name,
  version: view.version,
  kind: view.kind,
  definitionHash: view.definitionHash,
  ...(view.kind === 'onDemand' ? {} : { entity: view.entity, online: view.online }),
  description: view.description,
  ...(view.owner === undefined ? {} : { owner: view.owner }),
  features: view.features.map(({ name, type, description }) => ({ name, type, description })),
});

/** The view as it is declared in the manifest, with the keys of its entity and the services that name a feature of it. */
const viewAnswer = (manifest: Manifest, view: View) => ({
  id: viewId(view),
  ...view,
  ...(view.kind === 'onDemand' ? {} : { keys: findEntity(manifest, view.entity).keys }),
  services: manifest.services
    .filter(({ features }) => features.some((used) => used.view === view.name && used.version === view.version))
    .map(viewId),
});

/** What a client must send for the service, and what it gets, in the order of the values; with its policy of fallback and cache where it has one. */
function serviceAnswer(manifest: Manifest, reference: string) {
  const plan = planFeatures(manifest, { service: reference });
  const { name, version, definitionHash, description, owner, tags, serving } = plan.service ?? {};
  return {
    id: `${name}@${version}`,
    name,
    version,
    definitionHash,
    vectorHash: vectorHashOf(plan),
    description,
    owner,
    tags,
    ...serving,
    features: plan.results.map(({ name: resultName, view, feature }) => ({
      name: resultName,
      feature: `${viewId(view)}:${feature.name}`,
      type: feature.type,
      description: feature.description,
    })),
    entities: plan.entities.map(({ name: entityName, keys }) => ({ name: entityName, keys })),
    request: plan.requestFields.map(({ name: field, type }) => ({ name: field, type })),
  };
}
