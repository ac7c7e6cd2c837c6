"""Updates of KMS keys and aliases, managed policies and secrets."""

import json

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceProvider, ResourceRequest

from tidemark_local.cloudformation.model import Properties, pick, succeeded


def update_key(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    kms = request.aws_client_factory.kms
    model = {**pick(request.previous_state, "KeyId", "Arn"), **request.desired_state}
    key = model["KeyId"]
    kms.update_key_description(KeyId=key, Description=model.get("Description", ""))
    if policy := model.get("KeyPolicy"):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    (kms.enable_key_rotation if model.get("EnableKeyRotation") else kms.disable_key_rotation)(KeyId=key)
    (kms.enable_key if model.get("Enabled", True) else kms.disable_key)(KeyId=key)
    return succeeded(model)


def update_alias(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    model = request.desired_state
    request.aws_client_factory.kms.update_alias(AliasName=model["AliasName"], TargetKeyId=model["TargetKeyId"])
    return succeeded(model)


def update_managed_policy(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    """A policy keeps at most five versions, so the one before is deleted."""
    iam = request.aws_client_factory.iam
    old, new = request.previous_state, request.desired_state
    arn = old["Id"]
    before = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = new["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
    iam.delete_policy_version(PolicyArn=arn, VersionId=before)
    old_roles, new_roles = set(old.get("Roles") or []), set(new.get("Roles") or [])
    for role in sorted(new_roles - old_roles):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    for role in sorted(old_roles - new_roles):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    return succeeded({**pick(old, "Id", "ManagedPolicyName"), **new})


def update_secret(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    """A generated value stays as it is; a given one is put when it changed."""
    secrets = request.aws_client_factory.secretsmanager
    old, new = request.previous_state, request.desired_state
    secrets.update_secret(SecretId=old["Id"], **pick(new, "Description", "KmsKeyId"))
    if new.get("SecretString") not in (None, old.get("SecretString")):
        secrets.put_secret_value(SecretId=old["Id"], SecretString=new["SecretString"])
    return succeeded({**pick(old, "Id", "Name"), **new})
