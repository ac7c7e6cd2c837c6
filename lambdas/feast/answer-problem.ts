import { cutText, problemResponse } from '#lambdas/http/problem.ts';
import type { ProxyResult } from '#lambdas/http/proxy-event.ts';
import { TidemarkError } from '#spec/errors.ts';

/** An error class of the module feast.errors, which Feast's SDK raises again, and the message that Feast has for it. */
interface FeastError {
  readonly name: string;
  readonly message: string;
}

const known: Readonly<Record<string, string>> = {
  'feast.nameCollision': 'FeatureNameCollisionError',
  'feast.missingRequestData': 'RequestDataNotFoundInEntityRowsException',
  'feast.unknownPushSource': 'PushSourceNotFoundException',
};

/** Names that Feast has a class and a message of its own for, by what they name. */
const unknownNames: Readonly<Record<string, { readonly name: string; readonly subject: string }>> = {
  'feature service': { name: 'FeatureServiceNotFoundException', subject: 'Feature service' },
  'feature view': { name: 'FeatureViewNotFoundException', subject: 'Feature view' },
};

function feastErrorOf(error: unknown, detail: string, { status, project }: Answered): FeastError {
  if (!(error instanceof TidemarkError)) return { name: 'FeastError', message: detail };
  const unknown = unknownNames[String(error.details.what)];
  if (unknown)
    return {
      name: unknown.name,
      message: `${unknown.subject} ${String(error.details.got)} does not exist in project ${project}`,
    };
  const name = known[error.code];
  if (name !== undefined) return { name, message: error.message };
  if (status === 403) return { name: 'FeastPermissionError', message: detail };
  return { name: status === 404 ? 'FeastObjectNotFoundException' : 'FeastError', message: detail };
}

interface Answered {
  readonly status: number;
  readonly project: string;
}

/**
 * Answers the errors of Feast's routes as Feast does: a text of JSON in JSON that names the error's class, `{"detail"}` for bodies of a
 * wrong shape and refused tokens. What a caller did wrong is 4xx also where Feast answers 500, which its SDK would try again for seconds.
 */
export function feastProblems(project: string): (error: unknown, requestId: string) => ProxyResult {
  return (error, requestId) => {
    const problem = problemResponse(error, requestId);
    const status = problem.statusCode === 400 ? 422 : problem.statusCode;
    const { detail } = JSON.parse(problem.body) as { detail: string }; // problemResponse wrote it
    const faults = error instanceof TidemarkError ? error.details.feastDetail : undefined;
    const body =
      faults !== undefined || status === 401
        ? { detail: faults ?? detail }
        : envelope(feastErrorOf(error, detail, { status, project }));
    return {
      statusCode: status,
      headers: { ...problem.headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
  };
}

const envelope = ({ name, message }: FeastError): string =>
  JSON.stringify({ module: 'feast.errors', class: name, message: cutText(message) });
