/** Every error that a user can cause or must act on. `code` is `room.problem`; callers switch on it, never on the text. */
export type ErrorKind =
  | 'invalid'
  | 'notFound'
  | 'conflict'
  | 'unauthorized'
  | 'forbidden'
  | 'throttled'
  | 'unavailable'
  | 'failed';

/**
 * Message form: what was wrong, what was got, what is allowed, the fix; lowercase, no period.
 * `kind` decides the HTTP status and the CLI's exit code; `details` is JSON for machines.
 */
export class TidemarkError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: TidemarkErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'TidemarkError';
    this.code = code;
    this.kind = options.kind ?? 'invalid';
    this.details = options.details ?? {};
  }
}

export interface TidemarkErrorOptions {
  /** @default 'invalid' */
  readonly kind?: ErrorKind;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}
