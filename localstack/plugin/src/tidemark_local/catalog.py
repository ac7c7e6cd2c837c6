"""Answers LocalStack's question "can this resource type be deployed?" from what is installed, asking no server."""

from localstack.utils.catalog.catalog import CatalogPlugin, CfnResourceSupportStatus
from localstack.utils.catalog.common import (
    AwsServicesSupportInLatest,
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
)


class LocalCatalog(CatalogPlugin):
    """Registered under the name that LocalStack prefers to its own catalogues, which need their maker's server."""

    name = "aws-catalog-remote-state-with-license"

    def get_aws_service_status(self, service_name: str, operation_name: str | None = None) -> None:
        """None: nothing is known beyond what this installation has."""

    def get_cloudformation_resource_status(
        self, resource_name: str, service_name: str, is_pro_resource: bool = False
    ) -> CfnResourceSupportStatus | AwsServicesSupportInLatest | None:
        if resource_name.startswith("Custom::") or resource_name in self._get_cfn_resources_available_at_runtime():
            return CloudFormationResourcesSupportAtRuntime.AVAILABLE
        return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED
