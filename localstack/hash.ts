import { createHash } from 'node:crypto';

/** Twelve hex digits: enough to tell versions apart, short enough for a folder's name. */
export function hashOf(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 12);
}
