import { namePattern } from '#spec/manifest.ts';
import type { Definition, Documentation } from '../definition.ts';
import { type Problems, shown } from './problems.ts';

/** Documentation as the manifest holds it; the first given owner counts. */
export function documented(
  { description, tags, owner }: Documentation,
  inheritedOwner?: string,
): { description: string; tags: Record<string, string>; owner?: string } {
  const owned = owner ?? inheritedOwner;
  return { description: description ?? '', tags: { ...tags }, ...(owned !== undefined && { owner: owned }) };
}

/** Reports a name that is not allowed; `what` says whose name it is, as in `feature`. */
export function checkName(
  definition: Definition,
  what: string,
  { name, problems }: { name: string; problems: Problems },
): void {
  if (!namePattern.test(name))
    problems.add(
      definition.origin,
      'wrongName',
      `${what} has the name ${shown(name)}; names match ${namePattern.source} (lowercase letters, digits and _, at most 63, a letter first)`,
    );
}

export function checkVersion(definition: Definition & { readonly version: number }, problems: Problems): void {
  const { version, name, origin } = definition;
  if (!Number.isSafeInteger(version) || version < 1 || version > 999_999_999)
    problems.add(
      origin,
      'wrongVersion',
      `version of "${name}" must be a whole number from 1 on, got ${shown(version)}`,
    );
}
