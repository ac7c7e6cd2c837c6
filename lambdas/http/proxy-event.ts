import * as z from 'zod/mini';

/** The parts of an API Gateway REST proxy event that handlers read; all else is dropped. */
export const proxyEventSchema = z.object({
  httpMethod: z.string(),
  /** Without the stage: `/v1/health`. */
  path: z.string(),
  headers: z.nullish(z.record(z.string(), z.nullish(z.string()))),
  queryStringParameters: z.nullish(z.record(z.string(), z.nullish(z.string()))),
  body: z.nullish(z.string()),
  isBase64Encoded: z.nullish(z.boolean()),
  requestContext: z.nullish(
    z.object({
      requestId: z.nullish(z.string()),
      /** Who signed the request, where the method asks for a signature. Only API Gateway writes it: callers cannot. */
      identity: z.nullish(z.object({ userArn: z.nullish(z.string()) })),
    }),
  ),
});
export type ProxyEvent = z.infer<typeof proxyEventSchema>;

/** What API Gateway is answered. */
export interface ProxyResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body is bytes. @default false */
  readonly isBase64Encoded?: boolean;
}

/** A header by its lowercase name, whatever the case it came in. */
export function headerOf(event: ProxyEvent, name: string): string | undefined {
  for (const [key, value] of Object.entries(event.headers ?? {}))
    if (value != null && key.toLowerCase() === name) return value;
  return undefined;
}
