import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { TidemarkError } from '#spec/errors.ts';
import type { Secrets } from '#store/secrets.ts';

/** Secrets of AWS Secrets Manager; throws store.secretEmpty for a secret without text. */
export const secretsManagerSecrets = (client: SecretsManagerClient): Secrets => ({
  async get(id) {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    if (!SecretString)
      throw new TidemarkError('store.secretEmpty', 'the secret holds no text; store the token as plain text', {
        kind: 'failed',
      });
    return SecretString;
  },
});
