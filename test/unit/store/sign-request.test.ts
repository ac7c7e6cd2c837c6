import { expect, it } from 'vitest';
import { requestSigner } from '#store/dynamodb/sign-request.ts';

/** Keys, instant and signatures of AWS's own test suite of Signature Version 4. */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { region: 'us-east-1', service: 'service' };
const nowMillis = Date.parse('2015-08-30T12:36:00Z');
const host = 'example.amazonaws.com';
const sessionToken =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';

it.each([
  {
    vector: 'post-vanilla',
    request: { headers: { host }, body: '' },
    names: 'host;x-amz-date',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    vector: 'post-x-www-form-urlencoded',
    request: { headers: { host, 'content-type': 'application/x-www-form-urlencoded' }, body: 'Param1=value1' },
    names: 'content-type;host;x-amz-date',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    vector: 'post-sts-header-before',
    request: { headers: { host }, body: '' },
    token: sessionToken,
    names: 'host;x-amz-date;x-amz-security-token',
    signature: '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  },
])('signs $vector as AWS does', ({ request, token, names, signature }) => {
  const signed = requestSigner(scope)(request, { ...credentials, sessionToken: token }, nowMillis);
  expect(signed).toEqual({
    ...request.headers,
    'x-amz-date': '20150830T123600Z',
    ...(token === undefined ? {} : { 'x-amz-security-token': token }),
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
  });
});

it('derives another key for another day and for another secret', () => {
  const sign = requestSigner(scope);
  const request = { headers: { host }, body: '{}' };
  const dayMillis = 86_400_000;
  const others = [
    { of: credentials, at: nowMillis + dayMillis },
    { of: { ...credentials, secretAccessKey: 'another' }, at: nowMillis },
    { of: credentials, at: nowMillis },
  ];
  sign(request, credentials, nowMillis);
  for (const { of, at } of others) expect(sign(request, of, at)).toEqual(requestSigner(scope)(request, of, at));
});
