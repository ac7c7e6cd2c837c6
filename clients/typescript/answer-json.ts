import { clientProblem, record } from './problem.ts';

/** An object of an answer. Its readers throw client.badAnswer for what is not there: then it is no answer of this API. */
export interface AnswerObject {
  readonly text: (name: string) => string;
  readonly list: (name: string) => readonly unknown[];
  readonly object: (name: string) => AnswerObject;
  /** Undefined where it is absent. */
  readonly optional: (name: string) => unknown;
}

export function answerObject(json: unknown): AnswerObject {
  const members = record(json);
  const missing = (name: string, what: string): Error =>
    clientProblem('client.badAnswer', `the answer has no ${what} "${name}"; is the URL that of the API?`);
  return {
    text: (name) => {
      const value = members[name];
      if (typeof value === 'string') return value;
      throw missing(name, 'text');
    },
    list: (name) => {
      const value = members[name];
      if (Array.isArray(value)) return value;
      throw missing(name, 'list');
    },
    object: (name) => {
      if (typeof members[name] === 'object') return answerObject(members[name]);
      throw missing(name, 'object');
    },
    optional: (name) => members[name],
  };
}

/** The JSON of a success. Throws client.badAnswer. */
export async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw clientProblem('client.badAnswer', 'the answer is not JSON; is the URL that of the API?', cause);
  }
}
