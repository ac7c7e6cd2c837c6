import { TidemarkError } from '#spec/errors.ts';

/** Whom a credential stands for; from `untilMillis` on it no longer does. */
export interface Identity {
  readonly id: string;
  readonly roles: readonly string[];
  readonly untilMillis: number;
}

/** 401; `message` says what is wrong with the credential, never what it is. */
export const unauthorized = (message: string): TidemarkError =>
  new TidemarkError('http.unauthorized', message, { kind: 'unauthorized' });
