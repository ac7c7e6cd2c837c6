import { TidemarkError } from '#spec/errors.ts';
import { type ExitCode, exitCodeOfKind, exitCodes } from '../exit-codes.ts';

export interface Failure {
  readonly code: string;
  /** One sentence for people: no stack trace. */
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly exitCode: ExitCode;
}

/** What to say of an error: our own as they are, those of the network and of AWS in one sentence. */
export function describeFailure(error: unknown, commandName: string): Failure {
  if (error instanceof TidemarkError)
    return {
      code: error.code,
      message: error.message,
      details: error.details,
      exitCode: exitCodeOfKind[error.kind],
    };
  const {
    name = 'Error',
    message = String(error),
    code = '',
  } = (error ?? {}) as { name?: string; message?: string; code?: string };
  if (code.startsWith('ERR_PARSE_ARGS'))
    return {
      code: 'cli.badArguments',
      message: `${firstLine(message)}; see "tidemark ${commandName} --help"`,
      details: {},
      exitCode: exitCodes.usage,
    };
  if (code === 'ECONNREFUSED' || name === 'TimeoutError')
    return {
      code: 'cli.unreachable',
      message:
        'cannot reach the cloud: nothing answers at the endpoint; for the local cloud: "tidemark local status", then "tidemark local up"',
      details: {},
      exitCode: exitCodes.failed,
    };
  return { code: `cli.${name}`, message: `${name}: ${firstLine(message)}`, details: {}, exitCode: exitCodes.failed };
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;
