"""LocalStack's own types, where its updates were completed by ours."""

import json
from collections.abc import Callable
from urllib.request import urlopen

from ..conftest import Client
from .conftest import ROLE, Stack, Template, function_resource


def test_operations(stack: Stack, client: Client) -> None:
    def resources(version: int) -> Template:
        target = {"Id": f"t{version}", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, "Input": json.dumps({"v": version})}
        rule = {"ScheduleExpression": f"rate({version + 1} hours)", "Targets": [target]}
        alarm = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "Threshold": version}
        comparison = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
        return {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": version * 10}},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**alarm, **comparison}},
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {1: 7, 2: 30}[version]}},
        }

    names = {name: {"Ref": name} for name in ("Rule", "Alarm", "Group")}
    made = stack.deploy(resources(1), names)
    assert stack.deploy(resources(2), names) == made
    events = client("events")
    assert events.describe_rule(Name=made["Rule"])["ScheduleExpression"] == "rate(3 hours)"
    targets = events.list_targets_by_rule(Rule=made["Rule"])["Targets"]
    assert [(target["Id"], target["Input"]) for target in targets] == [("t2", '{"v": 2}')]
    alarms = client("cloudwatch").describe_alarms(AlarmNames=[made["Alarm"]])["MetricAlarms"]
    assert [alarm["Threshold"] for alarm in alarms] == [2.0]
    groups = client("logs").describe_log_groups(logGroupNamePrefix=made["Group"])["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [30]


def test_data_stores_keep_their_data(stack: Stack, client: Client) -> None:
    def resources(version: int) -> Template:
        rule = {"Status": "Enabled", "ExpirationInDays": version, "Prefix": "tmp/"}
        bucket = {"LifecycleConfiguration": {"Rules": [rule]}, "VersioningConfiguration": {"Status": "Enabled"}}
        replica = {
            "Region": "us-east-1",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": version == 2},
            "DeletionProtectionEnabled": False,
        }
        table = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Replicas": [replica],
        }
        statement = {"Effect": "Deny", "Principal": "*", "Action": f"s3:Get{version}", "Resource": "*"}
        policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
        return {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": bucket},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
            "Table": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": table},
        }

    names = {name: {"Ref": name} for name in ("Bucket", "Table")}
    made = stack.deploy(resources(1), names)
    s3, dynamodb = client("s3"), client("dynamodb")
    s3.put_object(Bucket=made["Bucket"], Key="kept", Body=b"1")
    dynamodb.put_item(TableName=made["Table"], Item={"pk": {"S": "kept"}})

    assert stack.deploy(resources(2), names) == made
    assert s3.get_object(Bucket=made["Bucket"], Key="kept")["Body"].read() == b"1"
    assert dynamodb.get_item(TableName=made["Table"], Key={"pk": {"S": "kept"}})["Item"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=made["Bucket"])["Rules"]
    assert rules[0]["Expiration"] == {"Days": 2}
    assert "s3:Get2" in s3.get_bucket_policy(Bucket=made["Bucket"])["Policy"]
    backups = dynamodb.describe_continuous_backups(TableName=made["Table"])["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_direct_port_shows_the_same_tables(stack: Stack, client: Client, cloud_endpoint: str) -> None:
    import boto3

    with urlopen(f"{cloud_endpoint}/_tidemark/status") as answer:
        direct_endpoint = json.load(answer)["dynamodb"]["endpoint"]
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "Replicas": [{"Region": "us-east-1"}],
    }
    name = stack.deploy({"T": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": table}}, {"T": {"Ref": "T"}})["T"]
    client("dynamodb").put_item(TableName=name, Item={"pk": {"S": "a"}})
    direct = boto3.client(
        "dynamodb",
        endpoint_url=direct_endpoint,
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="test",
    )
    assert direct.get_item(TableName=name, Key={"pk": {"S": "a"}}, ConsistentRead=True)["Item"]


def test_a_function_runs_its_new_code_and_configuration(
    stack: Stack, client: Client, function_code: Callable[[str], Template]
) -> None:
    def resources(version: int) -> Template:
        code = function_code(f"export const handler = async () => ['code {version}', process.env.WORD];")
        variables = {"Variables": {"WORD": f"word {version}"}}
        return {"Role": ROLE, "Function": function_resource(code, Environment=variables)}

    for version in (1, 2):
        name = stack.deploy(resources(version), {"Name": {"Ref": "Function"}})["Name"]
        answer = json.load(client("lambda").invoke(FunctionName=name)["Payload"])
        assert answer == [f"code {version}", f"word {version}"]


def test_a_state_machine_runs_its_new_definition(stack: Stack, client: Client) -> None:
    def resources(version: int) -> Template:
        states = {"Only": {"Type": "Pass", "Result": f"v{version}", "End": True}}
        definition = json.dumps({"StartAt": "Only", "States": states})
        properties = {"DefinitionString": definition, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
        return {"Role": ROLE, "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}

    machines = client("stepfunctions")
    for version in (1, 2):
        arn = stack.deploy(resources(version), {"Arn": {"Ref": "Machine"}})["Arn"]
        assert f"v{version}" in machines.describe_state_machine(stateMachineArn=arn)["definition"]


def test_an_api_serves_its_new_deployment_and_error_texts(
    stack: Stack, function_code: Callable[[str], Template]
) -> None:
    code = function_code("export const handler = async (event) => ({ statusCode: 200, body: event.path });")

    def resources(version: int, paths: list[str]) -> Template:
        api = {"Ref": "Api"}
        invoke = {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}
        integration = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": invoke}
        made: Template = {
            "Role": ROLE,
            "F": function_resource(code),
            "Api": {
                "Type": "AWS::ApiGateway::RestApi",
                "Properties": {"Name": stack.name, "Description": f"v{version}"},
            },
            "Missing": {
                "Type": "AWS::ApiGateway::GatewayResponse",
                "Properties": {
                    "RestApiId": api,
                    "ResponseType": "MISSING_AUTHENTICATION_TOKEN",
                    "StatusCode": "404",
                    "ResponseTemplates": {"application/json": f'{{"v":{version},"why":$context.error.messageString}}'},
                    "ResponseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
                },
            },
        }
        for path in paths:
            parent = {"Fn::GetAtt": ["Api", "RootResourceId"]}
            resource = {"RestApiId": api, "ParentId": parent, "PathPart": path}
            method = {
                "RestApiId": api,
                "ResourceId": {"Ref": f"R{path}"},
                "HttpMethod": "GET",
                "AuthorizationType": "NONE",
            }
            made[f"R{path}"] = {"Type": "AWS::ApiGateway::Resource", "Properties": resource}
            made[f"M{path}"] = {"Type": "AWS::ApiGateway::Method", "Properties": {**method, "Integration": integration}}
        made[f"Deployment{version}"] = {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": api},
            "DependsOn": [f"M{path}" for path in paths] + ["Missing"],
        }
        stage = {"RestApiId": api, "StageName": "v1", "DeploymentId": {"Ref": f"Deployment{version}"}}
        made["Stage"] = {"Type": "AWS::ApiGateway::Stage", "Properties": stage}
        return made

    url = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/v1/"}
    base = stack.deploy(resources(1, ["one"]), {"Url": url})["Url"]
    assert _get(base + "one") == (200, "/one", None)
    assert _get(base + "two")[:2] == (404, '{"v":1,"why":"Missing Authentication Token"}')

    assert stack.deploy(resources(2, ["one", "two"]), {"Url": url})["Url"] == base
    assert _get(base + "two") == (200, "/two", None)
    assert _get(base + "three") == (404, '{"v":2,"why":"Missing Authentication Token"}', "application/problem+json")


def _get(url: str) -> tuple[int, str, str | None]:
    """Status, body, and the content type of an error."""
    from urllib.error import HTTPError

    try:
        with urlopen(url) as answer:
            return answer.status, answer.read().decode(), None
    except HTTPError as error:
        return error.code, error.read().decode(), error.headers["content-type"]
