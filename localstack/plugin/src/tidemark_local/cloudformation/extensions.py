"""Which of LocalStack's own resource types are completed, and by what."""

from tidemark_local.cloudformation import apigateway, data_stores, operations, security
from tidemark_local.cloudformation.extension import Extension, update_by_create

EXTENSIONS: dict[str, Extension] = {
    "AWS::ApiGateway::Account": Extension(update=update_by_create(kept=("Id",))),
    "AWS::ApiGateway::GatewayResponse": Extension(update=update_by_create(kept=("Id",))),
    "AWS::ApiGateway::Model": Extension(update=apigateway.update_model),
    "AWS::ApiGateway::RequestValidator": Extension(update=apigateway.update_request_validator),
    "AWS::ApiGateway::RestApi": Extension(update=apigateway.update_rest_api),
    "AWS::ApiGateway::Stage": Extension(update=apigateway.update_stage),
    "AWS::CloudWatch::Alarm": Extension(update=update_by_create({"AlarmName": "AlarmName"})),
    "AWS::CloudWatch::CompositeAlarm": Extension(update=update_by_create({"AlarmName": "AlarmName"})),
    "AWS::DynamoDB::GlobalTable": Extension(finish=data_stores.finish_table, update=data_stores.update_table),
    "AWS::Events::Rule": Extension(update=operations.update_rule),
    "AWS::IAM::ManagedPolicy": Extension(update=security.update_managed_policy),
    "AWS::KMS::Alias": Extension(update=security.update_alias),
    "AWS::KMS::Key": Extension(update=security.update_key),
    "AWS::Kinesis::Stream": Extension(finish=data_stores.finish_stream, update=data_stores.update_stream),
    "AWS::Lambda::EventInvokeConfig": Extension(update=update_by_create(kept=("Id",))),
    "AWS::Logs::LogGroup": Extension(finish=operations.finish_log_group, update=operations.update_log_group),
    "AWS::S3::Bucket": Extension(
        finish=data_stores.finish_bucket, update=update_by_create({"BucketName": "BucketName"})
    ),
    "AWS::S3::BucketPolicy": Extension(update=update_by_create()),
    "AWS::SecretsManager::Secret": Extension(update=security.update_secret),
}
