import type { Access, Limits, Reach } from '#spec/access.ts';

/** A set of names as roles write them. */
interface NameSet {
  readonly isAll: boolean;
  /** `id` is `name@version`. */
  has(id: string): boolean;
  /** Whether some version of the name is in it: what a caller knows of may be told to them. */
  hasName(name: string): boolean;
}

/** Which features are reached: see `Reach` of lib/spec. */
export interface Reached {
  readonly views: NameSet;
  readonly services: NameSet;
}

/** All that the roles of one caller allow together. One object per set of roles, so that decisions can be kept by it. */
export interface Grants {
  readonly isAdmin: boolean;
  readonly read: Reached;
  readonly train: Reached;
  /** By name of the source. */
  readonly push: NameSet;
  readonly serverTiming: boolean;
  /** The most that any of the roles which declare limits allows; a role without limits lifts nobody's. */
  readonly limits: Limits | undefined;
}

/** Who asks. Nothing in it is secret: it stands in logs. */
export interface Principal {
  /** `admin`, `token:<id>`, `jwt:<subject>@<issuer>`, `iam:<arn>` or `anonymous`. */
  readonly id: string;
  readonly grants: Grants;
}

const nameOf = (id: string): string => id.split('@', 1)[0] ?? id;

function nameSet(lists: readonly (readonly string[] | undefined)[]): NameSet {
  const all = new Set(lists.flatMap((list) => list ?? []));
  const bare = new Set([...all].map(nameOf));
  const isAll = all.has('*');
  return {
    isAll,
    has: (id) => isAll || all.has(id) || all.has(nameOf(id)),
    hasName: (name) => isAll || bare.has(name),
  };
}

const reached = (reaches: readonly (Reach | undefined)[]): Reached => ({
  views: nameSet(reaches.map((reach) => reach?.views)),
  services: nameSet(reaches.map((reach) => reach?.services)),
});

const everything: Reach = { views: ['*'], services: ['*'] };

/** What the deployment's own token allows. */
export const adminGrants: Grants = {
  isAdmin: true,
  read: reached([everything]),
  train: reached([everything]),
  push: nameSet([['*']]),
  serverTiming: true,
  limits: undefined,
};

/** What roles allow together; a role that the access does not declare allows nothing. The same object for the same roles. */
export function grantsByRoles(access: Access | undefined): (roles: readonly string[]) => Grants {
  const kept = new Map<string, Grants>(); // bounded by the sets of declared roles
  const declared = access?.roles ?? {};
  return (named) => {
    const roles = [...new Set(named)].filter((name) => Object.hasOwn(declared, name)).sort();
    const id = roles.join();
    const known = kept.get(id);
    if (known) return known;
    const grants = unionOf(roles.flatMap((name) => declared[name] ?? []));
    if (kept.size >= maximumRoleSets) kept.clear();
    kept.set(id, grants);
    return grants;
  };
}

/** Callers of one deployment have few sets of roles; this only bounds what hostile tokens could make of many roles. */
const maximumRoleSets = 1000;

function unionOf(roles: readonly Access['roles'][string][]): Grants {
  if (roles.some(({ admin }) => admin)) return adminGrants;
  const limits = roles.flatMap((role) => role.limits ?? []);
  const greatest = (of: (limit: Limits) => number): number => Math.max(...limits.map(of));
  return {
    isAdmin: false,
    read: reached(roles.map(({ read }) => read)),
    train: reached(roles.map(({ train }) => train)),
    push: nameSet(roles.map(({ push }) => push)),
    serverTiming: roles.some(({ serverTiming }) => serverTiming),
    limits:
      limits.length === 0
        ? undefined
        : { perSecond: greatest(({ perSecond }) => perSecond), burst: greatest(({ burst }) => burst) },
  };
}
