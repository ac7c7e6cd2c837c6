/** A URL by which anyone may read one object, without credentials, until `validSeconds` from now or the signer's own credentials end. */
export type ObjectLink = (key: string, validSeconds: number) => Promise<string>;
