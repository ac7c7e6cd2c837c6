// The Node runtime of a Lambda function: asks the Runtime API for invocations and calls the handler.
import { existsSync, writeSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const realHttpRequest = http.request;
let requestId = '';
let responseUrl; // of a CloudFormation custom resource

/** One call of the Runtime API over a kept connection: `fetch` would cost 30 ms of every cold start. */
function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const options = { host, port, agent, method, headers, path: `/2018-06-01/runtime/${path}` };
    const request = realHttpRequest(options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function describe(error) {
  const isError = error !== null && typeof error === 'object' && 'message' in error;
  const trace = isError ? String(error.stack ?? '').split('\n') : [];
  return {
    errorType: isError ? (error.name ?? 'Error') : typeof error,
    errorMessage: isError ? error.message : String(error),
    trace,
  };
}

/** Lambda's own console: time, request and level before the text, and one log event per call. */
function prefixConsole() {
  const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...values) => {
      const text = format(...values).replaceAll('\n', '\r');
      writeAll(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}\n`);
    };
  }
}

/** Synchronous, so that nothing is lost when the process ends or is killed. */
function writeAll(text) {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

const markLogEnd = () => writeAll('\0tidemark-end\0\n');

/** CDK's own handlers answer to port 443 of the response URL's host by `https`, whatever its port and protocol are. */
function honourResponseUrl() {
  const realHttpsRequest = https.request;
  https.request = (options, ...rest) => {
    const isAnswer =
      responseUrl &&
      options?.hostname === responseUrl.hostname &&
      options.path === responseUrl.pathname + responseUrl.search;
    return isAnswer
      ? realHttpRequest({ ...options, port: responseUrl.port }, ...rest)
      : realHttpsRequest(options, ...rest);
  };
  syncBuiltinESMExports();
}

async function loadHandler() {
  const [, file, name] = /^(.*?)\.([^./]+)$/.exec(env._HANDLER) ?? [];
  const base = join(env.LAMBDA_TASK_ROOT, file ?? '');
  const path = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find(existsSync);
  if (path === undefined) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
  const module = await import(pathToFileURL(path).href);
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler !== 'function')
    throw named('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`);
  return handler;
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

function contextOf(headers) {
  const deadlineMillis = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: requestId,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    getRemainingTimeInMillis: () => deadlineMillis - Date.now(),
  };
}

async function report(path, error) {
  console.error('%s', error?.stack ?? error);
  markLogEnd();
  await call('POST', path, JSON.stringify(describe(error)));
}

function toJson(result) {
  try {
    return JSON.stringify(result === undefined ? null : result);
  } catch {
    throw named('Runtime.MarshalError', 'Unable to stringify response body');
  }
}

async function serve(handler) {
  for (;;) {
    const { headers, text } = await call('GET', 'invocation/next');
    requestId = headers['lambda-runtime-aws-request-id'];
    env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    try {
      const event = JSON.parse(text);
      responseUrl =
        typeof event?.ResponseURL === 'string' && event.ResponseURL.startsWith('http:')
          ? new URL(event.ResponseURL)
          : undefined;
      const body = toJson(await handler(event, contextOf(headers)));
      markLogEnd();
      await call('POST', `invocation/${requestId}/response`, body);
    } catch (error) {
      await report(`invocation/${requestId}/error`, error);
    }
  }
}

/** A rejection that nobody awaits, or a throw outside the handler: Lambda reports it and ends the process. */
function reportAndExit(error) {
  const path = requestId ? `invocation/${requestId}/error` : 'init/error';
  report(path, error).finally(() => process.exit(129));
}

prefixConsole();
honourResponseUrl();
process.on('unhandledRejection', (reason) =>
  reportAndExit(named('Runtime.UnhandledPromiseRejection', describe(reason).errorMessage)),
);
process.on('uncaughtException', reportAndExit);
let handler;
try {
  handler = await loadHandler();
} catch (error) {
  await report('init/error', error);
  process.exit(1);
}
await serve(handler).catch(() => process.exit(0)); // the Runtime API is gone, and so is the cloud
