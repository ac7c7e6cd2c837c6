/**
 * Stops the clock's own runs on a local cloud: tests that compare two instants must not have a scheduled run between them. Rules that react
 * to new objects stay. EventBridge's JSON protocol is spoken directly, as nothing else here needs its client.
 */
export async function disableSchedules(endpoint: string): Promise<readonly string[]> {
  const { Rules: rules } = (await call(endpoint, 'ListRules', {})) as {
    Rules: { Name: string; ScheduleExpression?: string }[];
  }; // the API's documented shape
  const names = rules.filter(({ ScheduleExpression: schedule }) => schedule).map(({ Name: name }) => name);
  for (const Name of names) await call(endpoint, 'DisableRule', { Name });
  return names;
}

async function call(endpoint: string, operation: string, body: unknown): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSEvents.${operation}`,
      // The local cloud checks no signature, but reads account and service from the credential.
      authorization:
        'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${operation} answered ${response.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
