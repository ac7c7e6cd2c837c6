import { Aws } from 'aws-cdk-lib';
import { EndpointType, type RestApiProps } from 'aws-cdk-lib/aws-apigateway';
import { CfnVPCEndpoint, InterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { PrivateApi } from '#spec/serving-settings.ts';

/** Where an API is reached: in the region from the internet, or by endpoints of VPCs, which its policy then tells from all others. */
export function endpointOf(
  scope: Construct,
  settings: PrivateApi | undefined,
): Pick<RestApiProps, 'endpointConfiguration' | 'policy'> {
  if (!settings) return { endpointConfiguration: { types: [EndpointType.REGIONAL] } };
  const ids = [...settings.endpoints, ...(settings.newEndpoint ? [createEndpoint(scope, settings.newEndpoint)] : [])];
  return {
    endpointConfiguration: {
      types: [EndpointType.PRIVATE],
      vpcEndpoints: ids.map((vpcEndpointId, index) =>
        InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(scope, `Endpoint${index}`, {
          vpcEndpointId,
          port: 443,
        }),
      ),
    },
    policy: onlyFrom(ids),
  };
}

const createEndpoint = (
  scope: Construct,
  { vpc, subnets, securityGroups }: NonNullable<PrivateApi['newEndpoint']>,
): string =>
  new CfnVPCEndpoint(scope, 'NewEndpoint', {
    vpcEndpointType: 'Interface',
    serviceName: `com.amazonaws.${Aws.REGION}.execute-api`,
    vpcId: vpc,
    subnetIds: subnets,
    securityGroupIds: securityGroups,
    privateDnsEnabled: true,
  }).ref;

/** A private API answers nobody whom no statement allows; the denial holds against rights that a caller's own account gives. */
function onlyFrom(endpointIds: readonly string[]): PolicyDocument {
  const invoke = { principals: [new AnyPrincipal()], actions: ['execute-api:Invoke'], resources: ['execute-api:/*'] };
  return new PolicyDocument({
    statements: [
      new PolicyStatement(invoke),
      new PolicyStatement({
        ...invoke,
        effect: Effect.DENY,
        conditions: { StringNotEquals: { 'aws:SourceVpce': endpointIds } },
      }),
    ],
  });
}
