/** Web standard functions of every JavaScript runtime that the pure rooms' type library leaves out. */
declare const btoa: (binary: string) => string;
declare const atob: (base64: string) => string;

/** Bytes that one String.fromCharCode call takes: far under the engine's limit on arguments. */
const blockBytes = 8192;

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += blockBytes)
    binary += String.fromCharCode(...bytes.subarray(start, start + blockBytes));
  return btoa(binary);
}

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes of standard base64 with padding; undefined for any other text. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!base64Pattern.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
