import * as z from 'zod/mini';

/** Names of roles; a JWT's claim names them as they are. */
const rolePattern = /^[a-z][a-z0-9_-]{0,62}$/;
const role = z.string().check(z.regex(rolePattern, `a role's name must match ${rolePattern.source}`));
/** `name` (all its versions), `name@version`, or `*` for all there are. */
const names = z.array(
  z.string().check(z.regex(/^(\*|[a-z][a-z0-9_]{0,62}(@\d{1,9})?)$/, 'must be name, name@version or * for all')),
);

/**
 * Features that are reached: those of `views`, wherever they are asked for, and the features of `services`, in the service only. A
 * service or on-demand view that is named gives what it answers, not the views behind it.
 */
const reachSchema = z.strictObject({ views: z.optional(names), services: z.optional(names) });

/** What callers of a role may do: nothing but what is named. */
const roleSchema = z.strictObject({
  /** Values online: POST /v1/online-features, and the catalog of what is named. */
  read: z.optional(reachSchema),
  /** Training sets. */
  train: z.optional(reachSchema),
  /** Stream sources to push events to. */
  push: z.optional(names),
  /** Everything, as the deployment's own token. */
  admin: z._default(z.boolean(), false),
});

/** Who may do what over HTTP. Part of every bundle, not of the manifest: it changes no definition's hash. */
export const accessSchema = z.strictObject({
  roles: z.record(role, roleSchema),
  /** A request with features that its caller may not read is refused as a whole (403), or answers null with MASKED for those. */
  unreadable: z._default(z.enum(['refuse', 'mask']), 'refuse'),
});
/** Access with its defaults filled in. */
export type Access = z.output<typeof accessSchema>;
/** Access as written in tidemark.config.ts. */
export type AccessInput = z.input<typeof accessSchema>;
export type Reach = z.output<typeof reachSchema>;
