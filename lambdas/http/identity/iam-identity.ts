import type { Access } from '#spec/access.ts';
import type { ProxyEvent } from '../proxy-event.ts';

/** `arn:aws:sts::1:assumed-role/name/session` as the role's own ARN, without a path: sessions come and go. */
const roleOfSession = (arn: string): string =>
  arn.replace(/^(arn:aws[a-z-]*):sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');

/**
 * Whom API Gateway says that has signed the request; undefined where it says nothing. An identity that the access does not name has no
 * roles: it is told who it is (403), not taken for a stranger (401).
 */
export function iamIdentity(
  { requestContext }: ProxyEvent,
  access: Access | undefined,
): { readonly id: string; readonly roles: readonly string[] } | undefined {
  const signer = requestContext?.identity?.userArn;
  if (signer == null || signer === '') return undefined;
  const arn = roleOfSession(signer);
  const roles = access && Object.hasOwn(access.iam, arn) ? access.iam[arn] : undefined;
  return { id: `iam:${arn}`, roles: roles ?? [] };
}
