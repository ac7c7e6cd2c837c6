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

/** In entity-features (entities times features of a request) where features are read, in events where they are pushed. */
const limitsSchema = z.strictObject({
  perSecond: z.int().check(z.minimum(1), z.maximum(1_000_000_000)),
  /** Most at once, after a pause; a single request that is larger is refused. */
  burst: z.int().check(z.minimum(1), z.maximum(1_000_000_000)),
});

/** What callers of a role may do: nothing but what is named. */
const roleSchema = z.strictObject({
  /** Values online: POST /v1/online-features, and the catalog of what is named. */
  read: z.optional(reachSchema),
  /** Training sets. */
  train: z.optional(reachSchema),
  /** Sources to push to: events to streams, rows to Parquet sources. */
  push: z.optional(names),
  /** Everything, without limits, as the deployment's own token. */
  admin: z._default(z.boolean(), false),
  /** Answers tell how long their parts took, in the header server-timing. */
  serverTiming: z._default(z.boolean(), false),
  /** Of each caller, in each function instance. @default - none */
  limits: z.optional(limitsSchema),
});

/** Algorithms that issuers may sign with: asymmetric ones only, so no key that this deployment holds could sign a token. */
const algorithms = z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']);

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];
/** A public key as JWK (RFC 7517). */
const publicKeySchema = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), kid: z.optional(z.string()), alg: z.optional(algorithms) })
  .check(
    z.refine((key) => !privateMembers.some((member) => member in key), 'must be a public key; this one is private'),
  );

const keysUrl = /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])/;

/** An issuer of JWTs, by OpenID Connect or otherwise. */
const issuerSchema = z
  .strictObject({
    /** The claim `iss` of its tokens, exactly. */
    issuer: z.string().check(z.minLength(1)),
    /** What the claim `aud` of its tokens must be, or have among others. */
    audience: z.string().check(z.minLength(1)),
    /** Where its public keys (a JWK set) are; read when a token needs them, kept for ten minutes. Never taken from a token. */
    keysUrl: z.optional(z.string().check(z.regex(keysUrl, 'must begin with https:// (or be on this machine)'))),
    /** Its public keys, in place of keysUrl. */
    keys: z.optional(z.array(publicKeySchema).check(z.minLength(1))),
    algorithms: z._default(z.array(algorithms).check(z.minLength(1)), ['RS256', 'ES256']),
    /** By how much its clock and ours may differ where `exp` and `nbf` are judged. */
    clockSkewSeconds: z._default(z.int().check(z.minimum(0), z.maximum(300)), 30),
    /** Claim that names roles: a list, or a text with blanks between them. */
    rolesClaim: z._default(z.string().check(z.minLength(1)), 'roles'),
    /** Roles that its tokens can give. @default - all but those with admin */
    roles: z.optional(z.array(role)),
    /** Stages that take its tokens. @default - all */
    stages: z.optional(z.array(z.string())),
  })
  .check(
    z.refine(
      ({ keysUrl: url, keys }) => (url === undefined) !== (keys === undefined),
      'needs keysUrl or keys, and not both',
    ),
  );

/** Of a user, or of a role without its path: what the sessions of a role have in common. */
const iamArn = /^arn:aws[a-z-]*:iam::\d{12}:(user|role)\/[\w+=,.@-]+$/;

/** Who may do what over HTTP. Part of every bundle, not of the manifest: it changes no definition's hash. */
export const accessSchema = z.strictObject({
  roles: z.record(role, roleSchema),
  /** A request with features that its caller may not read is refused as a whole (403), or answers null with MASKED for those. */
  unreadable: z._default(z.enum(['refuse', 'mask']), 'refuse'),
  /** Whose JWTs are taken. */
  issuers: z._default(z.array(issuerSchema), []),
  /** Roles of AWS identities, where API Gateway passes one (a method with IAM authorization). */
  iam: z._default(
    z.record(
      z.string().check(z.regex(iamArn, 'must be the ARN of an IAM user, or of a role without its path')),
      z.array(role),
    ),
    {},
  ),
});
/** Access with its defaults filled in. */
export type Access = z.output<typeof accessSchema>;
/** Access as written in tidemark.config.ts. */
export type AccessInput = z.input<typeof accessSchema>;
export type Issuer = z.output<typeof issuerSchema>;
export type Limits = z.output<typeof limitsSchema>;
export type Reach = z.output<typeof reachSchema>;
