import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

/** What a request is signed with. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** Where a signature holds. */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

/** A POST to `/` without a query, the only request that DynamoDB takes. */
export interface PostRequest {
  /** By lowercase name, `host` among them; all are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs requests at an instant (epoch milliseconds). Returns the headers of the request with those of its signature. */
export type RequestSigner = (
  request: PostRequest,
  credentials: SigningCredentials,
  nowMillis: number,
) => Record<string, string>;

const hmac = (key: string | Buffer | KeyObject, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** AWS Signature Version 4 for one scope. Keys are derived once a day and secret, and kept as key objects: with bytes an HMAC takes seven times as long. */
export function requestSigner({ region, service }: SigningScope): RequestSigner {
  let key: { readonly of: string; readonly object: KeyObject } | undefined;
  const keyOf = (secret: string, day: string): KeyObject => {
    const of = `${day} ${secret}`;
    if (key?.of !== of) {
      const scoped = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day));
      key = { of, object: createSecretKey(scoped) };
    }
    return key.object;
  };
  return ({ headers, body }, { accessKeyId, secretAccessKey, sessionToken }, nowMillis) => {
    const time = new Date(nowMillis).toISOString().replace(/[-:]|\.\d+/g, ''); // 20150830T123600Z
    const day = time.slice(0, 8);
    const signed: Record<string, string> = { ...headers, 'x-amz-date': time };
    if (sessionToken !== undefined) signed['x-amz-security-token'] = sessionToken;
    const names = Object.keys(signed).sort();
    let canonical = 'POST\n/\n\n';
    for (const name of names) canonical += `${name}:${signed[name]}\n`;
    const nameList = names.join(';');
    canonical += `\n${nameList}\n${hash('sha256', body)}`;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const signature = hmac(
      keyOf(secretAccessKey, day),
      `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`,
    ).toString('hex');
    signed.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${nameList}, Signature=${signature}`;
    return signed;
  };
}
