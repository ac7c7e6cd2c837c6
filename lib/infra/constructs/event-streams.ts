import { Stack as CdkStack, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { acknowledge, actions, allow, allowKey } from '#infra/perms.ts';
import { TidemarkError } from '#spec/errors.ts';
import { streamName } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';

export interface EventStreamsProps {
  readonly project: string;
  readonly sources: readonly StreamSource[];
  readonly stage: Stage;
  readonly encryptionKey: IKey;
}

/** Kinesis's limit. */
const longestName = 128;

/**
 * One Kinesis stream per stream source, under the deployment's key. A stream holds what neither the log nor the online store has yet, so it
 * is stored data: it stands beside the tables, and its consumers can be destroyed and deployed again without a loss.
 */
export class EventStreams extends Construct {
  /** Name of the stream by source: for the STREAM_NAMES of functions, as JSON, and for the deployment's outputs. */
  readonly names: Readonly<Record<string, string>>;
  private readonly encryptionKey: IKey;

  constructor(scope: Construct, id: string, { project, sources, stage, encryptionKey }: EventStreamsProps) {
    super(scope, id);
    this.encryptionKey = encryptionKey;
    this.names = Object.fromEntries(sources.map(({ name }) => [name, checkedName(project, stage.name, name)]));
    for (const source of sources) {
      const stream = new Stream(this, source.name, {
        streamName: this.nameOf(source.name),
        encryption: StreamEncryption.KMS,
        encryptionKey,
        retentionPeriod: Duration.hours(stage.streamRetentionHours),
        removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
        ...(source.shards === undefined
          ? { streamMode: StreamMode.ON_DEMAND }
          : { streamMode: StreamMode.PROVISIONED, shardCount: source.shards }),
      });
      acknowledge(stream, 'events are encrypted as all other data are, so one key decides who can read any of it', [
        'AwsSolutions-KDS3',
      ]);
    }
  }

  nameOf(source: string): string {
    const name = this.names[source];
    if (name === undefined) throw new TidemarkError('infra.noStream', `source ${source} has no stream`);
    return name;
  }

  /**
   * By name, not as a reference: a reference would be an export, and the storage stack could not drop the stream of a source that is gone
   * before the later stacks have let go of it.
   */
  arnOf(source: string): string {
    const resourceName = this.nameOf(source);
    return CdkStack.of(this).formatArn({ service: 'kinesis', resource: 'stream', resourceName });
  }

  get arns(): readonly string[] {
    return Object.keys(this.names).map((source) => this.arnOf(source));
  }

  /** Everything that an event source mapping asks of its function's role. */
  grantConsume(grantee: IGrantable, source: string): void {
    allow(grantee, actions.consumeStream, [this.arnOf(source)]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.decrypt, via: 'kinesis' });
  }

  /** Looks into the shards of every stream. */
  grantRead(grantee: IGrantable): void {
    allow(grantee, actions.readStream, this.arns);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.decrypt, via: 'kinesis' });
  }

  /** Puts records into every stream. */
  grantPut(grantee: IGrantable): void {
    allow(grantee, actions.putRecords, this.arns);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encryptRecords, via: 'kinesis' });
  }
}

function checkedName(project: string, stage: string, source: string): string {
  const name = streamName(project, stage, source);
  if (name.length <= longestName) return name;
  throw new TidemarkError(
    'infra.streamNameTooLong',
    `the stream of source ${source} would be named ${name}: ${name.length} characters, Kinesis takes ${longestName}; shorten the project's or the source's name`,
  );
}
