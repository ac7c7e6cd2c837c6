/** The runner's one error class. Callers switch on `code`, never on the text. */
export type LocalCloudErrorCode =
  | 'localstack.prerequisiteMissing'
  | 'localstack.installFailed'
  | 'localstack.startFailed'
  | 'localstack.stopFailed'
  | 'localstack.portTaken'
  | 'localstack.busy'
  | 'localstack.badName';

export class LocalCloudError extends Error {
  override readonly name = 'LocalCloudError';
  readonly code: LocalCloudErrorCode;

  constructor(code: LocalCloudErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
