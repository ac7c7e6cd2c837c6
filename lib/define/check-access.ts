import type { Access, Issuer } from '#spec/access.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';

/** What the names in an access can be: a role that names what there is not would be silently without rights. */
interface Known {
  readonly views: readonly string[];
  readonly services: readonly string[];
  readonly sources: readonly string[];
}

const namesOf = (items: readonly { readonly name: string; readonly version: number }[]): string[] => [
  ...new Set(items.flatMap((item) => [item.name, viewId(item)])),
];

/** Every name of an access that the definitions do not have, each as a sentence. */
export function accessProblems(
  access: Access,
  { views, services, sources }: Manifest,
  stages: readonly string[],
): readonly string[] {
  const known: Known = {
    views: namesOf(views),
    services: namesOf(services),
    sources: sources.filter(({ kind }) => kind !== 'request').map(({ name }) => name),
  };
  return [...rightsProblems(access, known), ...callersProblems(access, stages)];
}

const rightsProblems = ({ roles }: Access, known: Known): string[] =>
  Object.entries(roles).flatMap(([role, { read, train, push }]) => [
    ...unknownNames(`roles.${role}.read.views`, read?.views, known.views),
    ...unknownNames(`roles.${role}.read.services`, read?.services, known.services),
    ...unknownNames(`roles.${role}.train.views`, train?.views, known.views),
    ...unknownNames(`roles.${role}.train.services`, train?.services, known.services),
    ...unknownNames(`roles.${role}.push`, push, known.sources),
  ]);

function callersProblems({ roles, issuers, iam }: Access, stages: readonly string[]): string[] {
  const declared = Object.keys(roles);
  return [
    ...issuers.flatMap((issuer, index) => [
      ...unknownNames(`issuers.${index}.roles`, issuer.roles, declared),
      ...unknownNames(`issuers.${index}.stages`, issuer.stages, stages),
      ...(issuers.findIndex((other) => other.issuer === issuer.issuer && sharesStage(other, issuer)) < index
        ? [`access.issuers.${index} has the issuer of an earlier one, for the same stage; keep one of them`]
        : []),
    ]),
    ...Object.entries(iam).flatMap(([arn, named]) => unknownNames(`iam.${arn}`, named, declared)),
  ];
}

const sharesStage = (a: Issuer, b: Issuer): boolean =>
  !a.stages || !b.stages || a.stages.some((stage) => b.stages?.includes(stage) === true);

const unknownNames = (at: string, names: readonly string[] = [], known: readonly string[]): string[] =>
  names
    .filter((name) => name !== '*' && !known.includes(name))
    .map((name) => `access.${at} has ${JSON.stringify(name)}; there are ${known.join(', ') || 'none'}`);
