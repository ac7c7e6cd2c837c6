import type { Access } from '#spec/access.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import { grantsByRoles } from './grants.ts';
import { outOfReach } from './reach-features.ts';

/** What a caller may do with one thing; `read masked`: some features of a service are answered MASKED. */
interface Rights {
  readonly kind: 'view' | 'service' | 'source';
  /** `view@version`, `service@version`, or the source's name. */
  readonly name: string;
  readonly rights: readonly ('read' | 'read masked' | 'train' | 'push')[];
}

/** The rights of a caller with these roles to all there is, as the routes decide them: views, services, sources of rows. */
export function rightsOf(
  { views, services, sources }: Manifest,
  access: Access,
  roles: readonly string[],
): readonly Rights[] {
  const { read, train, push } = grantsByRoles(access)(roles);
  const isMasked = access.unreadable === 'mask';
  return [
    ...views.map((view): Rights => {
      const name = viewId(view);
      return { kind: 'view', name, rights: given({ read: read.views.has(name), train: train.views.has(name) }) };
    }),
    ...services.map((service): Rights => {
      const viewIds = service.features.map(({ view, version }) => viewId({ name: view, version }));
      const unread = outOfReach({ service, viewIds }, read).length;
      const rights = {
        read: unread === 0,
        'read masked': isMasked && unread > 0 && unread < viewIds.length,
        train: outOfReach({ service, viewIds }, train).length === 0,
      };
      return { kind: 'service', name: viewId(service), rights: given(rights) };
    }),
    ...sources
      .filter(({ kind }) => kind !== 'request')
      .map(({ name }): Rights => ({ kind: 'source', name, rights: given({ push: push.has(name) }) })),
  ];
}

const order = ['read', 'read masked', 'train', 'push'] as const;
const given = (rights: { readonly [right in (typeof order)[number]]?: boolean }): Rights['rights'] =>
  order.filter((right) => rights[right] === true);
