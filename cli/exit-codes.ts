import type { ErrorKind } from '#spec/errors.ts';

/** Exit codes of every command. */
export const exitCodes = {
  ok: 0,
  failedCheck: 1,
  usage: 2,
  changesPresent: 3,
  failed: 4,
  unauthorized: 5,
  notFound: 6,
  conflict: 7,
  partial: 8,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeOfKind: Readonly<Record<ErrorKind, ExitCode>> = {
  invalid: exitCodes.usage,
  notFound: exitCodes.notFound,
  conflict: exitCodes.conflict,
  unauthorized: exitCodes.unauthorized,
  forbidden: exitCodes.unauthorized,
  throttled: exitCodes.failed,
  unavailable: exitCodes.failed,
  failed: exitCodes.failed,
};
