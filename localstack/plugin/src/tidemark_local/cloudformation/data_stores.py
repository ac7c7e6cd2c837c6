"""S3 buckets, DynamoDB tables and Kinesis streams."""

import copy

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceProvider, ResourceRequest

from tidemark_local.cloudformation.model import Properties, already_gone_is_fine, pick, succeeded


def finish_bucket(request: ResourceRequest[Properties], model: Properties) -> None:
    s3 = request.aws_client_factory.s3
    bucket = model["BucketName"]
    if rules := _lifecycle_rules(model):
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    else:
        with already_gone_is_fine("NoSuchLifecycleConfiguration"):
            s3.delete_bucket_lifecycle(Bucket=bucket)
    if block := model.get("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)


def _lifecycle_rules(model: Properties) -> list[Properties]:
    """CloudFormation's rules in the words of the S3 API. Tag filters and object sizes are not translated."""
    given = (model.get("LifecycleConfiguration") or {}).get("Rules") or []
    return [_lifecycle_rule(rule, number) for number, rule in enumerate(given)]


def _lifecycle_rule(given: Properties, number: int) -> Properties:
    rule: Properties = {
        "ID": given.get("Id") or f"rule-{number}",
        "Status": given["Status"],
        "Filter": {"Prefix": given.get("Prefix") or ""},
    }
    if days := given.get("ExpirationInDays"):
        rule["Expiration"] = {"Days": int(days)}
    elif given.get("ExpiredObjectDeleteMarker"):
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if noncurrent := given.get("NoncurrentVersionExpiration"):
        rule["NoncurrentVersionExpiration"] = {name: int(value) for name, value in noncurrent.items()}
    if abort := given.get("AbortIncompleteMultipartUpload"):
        rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(abort["DaysAfterInitiation"])}
    if transitions := given.get("Transitions"):
        rule["Transitions"] = [
            {"Days": int(transition["TransitionInDays"]), "StorageClass": transition["StorageClass"]}
            for transition in transitions
            if "TransitionInDays" in transition
        ]
    return rule


def finish_table(request: ResourceRequest[Properties], model: Properties) -> None:
    dynamodb = request.aws_client_factory.dynamodb
    name = model["TableName"]
    replica = _own_replica(request, model)
    if recovery := replica.get("PointInTimeRecoverySpecification"):
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=bool(replica.get("DeletionProtectionEnabled")))


def update_table(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    """Time to live, backups and deletion protection. Keys and indexes stay: a change of theirs needs a new stack."""
    old, new = request.previous_state, copy.deepcopy(request.desired_state)
    model = {**pick(old, "TableName", "Arn", "TableId", "StreamArn"), **new}
    if (ttl := new.get("TimeToLiveSpecification")) and ttl != old.get("TimeToLiveSpecification"):
        request.aws_client_factory.dynamodb.update_time_to_live(
            TableName=model["TableName"], TimeToLiveSpecification=ttl
        )
    finish_table(request, model)
    return succeeded(model)


def _own_replica(request: ResourceRequest[Properties], model: Properties) -> Properties:
    return next((replica for replica in model["Replicas"] if replica["Region"] == request.region_name), {})


def finish_stream(request: ResourceRequest[Properties], model: Properties) -> None:
    """LocalStack makes every stream with a day of retention."""
    kinesis = request.aws_client_factory.kinesis
    stream = {"StreamName": model["Name"]}
    hours = int(model.get("RetentionPeriodHours") or 24)
    present = kinesis.describe_stream_summary(**stream)["StreamDescriptionSummary"]["RetentionPeriodHours"]
    if hours > present:
        kinesis.increase_stream_retention_period(**stream, RetentionPeriodHours=hours)
    elif hours < present:
        kinesis.decrease_stream_retention_period(**stream, RetentionPeriodHours=hours)


def update_stream(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    model = {**pick(request.previous_state, "Name", "Arn"), **request.desired_state}
    wanted = int(model.get("ShardCount") or 1)
    if wanted != int(request.previous_state.get("ShardCount") or 1):
        request.aws_client_factory.kinesis.update_shard_count(
            StreamName=model["Name"], TargetShardCount=wanted, ScalingType="UNIFORM_SCALING"
        )
    finish_stream(request, model)
    return succeeded(model)
