import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { utf8Bytes } from './utf8.ts';

/** Every API token begins so: secret scanners find it by `tdmk_[0-9a-z]{12}_[0-9A-Za-z]{38}`. */
export const apiTokenPrefix = 'tdmk_';
const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const idLength = 12;
/** 32 characters of 62 are 190 bits: nobody guesses one, so a plain hash keeps it. */
const secretLength = 32;
const checkLength = 6;
const form = new RegExp(`^${apiTokenPrefix}([0-9a-z]{${idLength}})_[0-9A-Za-z]{${secretLength + checkLength}}$`);

/** Bytes that a new token is made from; they come from a cryptographic generator. */
export const apiTokenRandomBytes = 128;

const hashBytes = (text: string): Uint8Array => sha256(utf8Bytes(text));

/** sha256 of the whole token as 64 hex digits: what is stored of it. */
export const apiTokenHash = (token: string): string => bytesToHex(hashBytes(token));

/** Bytes as digits without bias: those beyond the greatest multiple of the base are passed over. */
function asDigits(bytes: Uint8Array, base: number): string {
  const fair = Math.floor(256 / base) * base;
  let text = '';
  for (const byte of bytes) if (byte < fair) text += digits[byte % base];
  return text;
}

/** The last characters of a token, by the rest of it: a typing error or a made-up token costs no look-up. */
const checkOf = (rest: string): string => asDigits(hashBytes(rest), 62).slice(0, checkLength).padEnd(checkLength, '0');

/**
 * A new token: prefix, id, secret, check. `random`: apiTokenRandomBytes of a cryptographic generator. Throws RangeError where they give too
 * few digits, which bytes of a good generator do not in the life of the universe.
 */
export function newApiToken(random: Uint8Array): { readonly id: string; readonly token: string } {
  const half = random.length / 2;
  const id = asDigits(random.subarray(0, half), 36).slice(0, idLength);
  const secret = asDigits(random.subarray(half), 62).slice(0, secretLength);
  if (id.length < idLength || secret.length < secretLength) throw new RangeError('too few random bytes for a token');
  const rest = `${apiTokenPrefix}${id}_${secret}`;
  return { id, token: `${rest}${checkOf(rest)}` };
}

/** The id of a token whose form and check are right, else undefined. That says nothing of its being known. */
export function apiTokenId(token: string): string | undefined {
  const id = form.exec(token)?.[1];
  return id !== undefined && token.endsWith(checkOf(token.slice(0, -checkLength))) ? id : undefined;
}
