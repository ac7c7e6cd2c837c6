import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  type IFunction,
  type IVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type * as z from 'zod/mini';
import { bundledCode } from '#infra/bundle.ts';
import type { Stage } from '#infra/config.ts';
import { acknowledge } from '#infra/perms.ts';
import { TidemarkError } from '#spec/errors.ts';
import { mostProvisioned, type ProvisionedConcurrency } from '#spec/serving-settings.ts';

/** The `environmentSchema` of lambdas/<name>/environment.ts: an object of strings. */
export type EnvironmentSchema = z.ZodMiniObject<Record<string, z.core.$ZodType<unknown, string | undefined>>>;

export interface ServiceFunctionProps<TEnvironment extends EnvironmentSchema> {
  /** Folder under lambdas/. */
  readonly name: string;
  readonly description: string;
  /** Generated module that exports `repository`. */
  readonly repositoryModule: string;
  readonly stage: Stage;
  readonly environmentSchema: TEnvironment;
  /** A name that the schema requires and that is missing here is a compile error. */
  readonly environment: z.input<TEnvironment>;
  readonly timeout: Duration;
  readonly memoryMb: number;
  /** @default - no limit but the account's */
  readonly reservedConcurrency?: number | undefined;
}

/**
 * A Lambda of lambdas/<name>: its own role (only what is granted), its own log group with the stage's retention, Node 24 on ARM, one
 * ESM bundle with the SDK and the repository inside. The only place in the project that makes a Lambda.
 */
export class ServiceFunction<TEnvironment extends EnvironmentSchema = EnvironmentSchema>
  extends Construct
  implements IGrantable
{
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps<TEnvironment>) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.stage.logRetentionDays,
      removalPolicy: props.stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Resource', {
      description: props.description,
      code: bundledCode(props.name, props.repositoryModule),
      handler: 'index.handler',
      role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      tracing: Tracing.ACTIVE,
      timeout: props.timeout,
      memorySize: props.memoryMb,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...checkedEnvironment(props) },
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    this.grantPrincipal = role;
    acknowledge(role, 'X-Ray has no resources to name: its two put actions only exist for *', [
      'AwsSolutions-IAM5[Resource::*]',
      'Serverless-LambdaStarPermissions',
    ]);
    acknowledge(
      this.function,
      'its caller sees every failure (API Gateway, Step Functions, the mapping of a stream), or its next run does the work again (a schedule)',
      ['Serverless-LambdaAsyncFailureDestination', 'Serverless-LambdaDLQ'],
    );
  }

  /**
   * The alias `live`: the code as deployed, in environments that are started before a request needs them. Whoever invokes the alias moves
   * to a new version once its environments are ready. Metrics of the function count what goes through the alias.
   */
  live(ready: ProvisionedConcurrency): IFunction {
    const alias = new Alias(this, 'Live', {
      aliasName: 'live',
      version: this.function.currentVersion as IVersion, // its role may be undefined where IVersion says absent
      provisionedConcurrentExecutions: ready.least,
    });
    const most = mostProvisioned(ready);
    if (most > ready.least)
      alias
        .addAutoScaling({ minCapacity: ready.least, maxCapacity: most })
        .scaleOnUtilization({ utilizationTarget: ready.utilization });
    return alias as IFunction; // as above
  }

  /** Failed invocations (crash, timeout, thrown error). @default - sum over 5 minutes */
  metricErrors(options?: MetricOptions): Metric {
    return this.function.metricErrors({ period: Duration.minutes(5), ...options });
  }

  /** Invocations refused for want of concurrency. @default - sum over 5 minutes */
  metricThrottles(options?: MetricOptions): Metric {
    return this.function.metricThrottles({ period: Duration.minutes(5), ...options });
  }

  /** Milliseconds of handler time, cold starts excluded. @default - p99 over 5 minutes */
  metricDuration(options?: MetricOptions): Metric {
    return this.function.metricDuration({ period: Duration.minutes(5), statistic: 'p99', ...options });
  }
}

/** The environment without undefined members. Throws infra.unknownEnvironment for a name that the schema does not read. */
function checkedEnvironment(props: {
  readonly name: string;
  readonly environmentSchema: EnvironmentSchema;
  readonly environment: Readonly<Record<string, unknown>>;
}): Record<string, string> {
  const known = Object.keys(props.environmentSchema.shape);
  const entries = Object.entries(props.environment).filter(([, value]) => value !== undefined);
  for (const [name] of entries)
    if (!known.includes(name))
      throw new TidemarkError(
        'infra.unknownEnvironment',
        `lambdas/${props.name} does not read ${name}; its environment.ts has ${known.join(', ')}; leave it out or add it there`,
      );
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
