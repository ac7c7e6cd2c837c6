import type { Access } from '#spec/access.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';

/** What the names in an access can be: a role that names what there is not would be silently without rights. */
interface Known {
  readonly views: readonly string[];
  readonly services: readonly string[];
  readonly streams: readonly string[];
}

const namesOf = (items: readonly { readonly name: string; readonly version: number }[]): string[] => [
  ...new Set(items.flatMap((item) => [item.name, viewId(item)])),
];

/** Every name of an access that the definitions do not have, each as a sentence. */
export function accessProblems({ roles }: Access, { views, services, sources }: Manifest): readonly string[] {
  const known: Known = {
    views: namesOf(views),
    services: namesOf(services),
    streams: sources.filter(({ kind }) => kind === 'stream').map(({ name }) => name),
  };
  return Object.entries(roles).flatMap(([role, { read, train, push }]) => [
    ...unknownNames(`${role}.read.views`, read?.views, known.views),
    ...unknownNames(`${role}.read.services`, read?.services, known.services),
    ...unknownNames(`${role}.train.views`, train?.views, known.views),
    ...unknownNames(`${role}.train.services`, train?.services, known.services),
    ...unknownNames(`${role}.push`, push, known.streams),
  ]);
}

const unknownNames = (at: string, names: readonly string[] = [], known: readonly string[]): string[] =>
  names
    .filter((name) => name !== '*' && !known.includes(name))
    .map((name) => `access.roles.${at} has ${JSON.stringify(name)}; there are ${known.join(', ') || 'none'}`);
