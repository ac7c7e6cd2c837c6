"""Entry points: one plugin per resource type, which imports its provider when a template first needs it."""

from localstack.services.cloudformation.resource_provider import CloudFormationResourceProviderPlugin, ResourceProvider


class _LazyProviderPlugin(CloudFormationResourceProviderPlugin):
    """LocalStack calls `load`, then makes providers by `factory`."""

    def __init__(self) -> None:
        self.factory: type[ResourceProvider] | None = None


class GlueDatabasePlugin(_LazyProviderPlugin):
    name = "AWS::Glue::Database"

    def load(self) -> None:
        from tidemark_local.cloudformation.glue import GlueDatabaseProvider

        self.factory = GlueDatabaseProvider


class GlueTablePlugin(_LazyProviderPlugin):
    name = "AWS::Glue::Table"

    def load(self) -> None:
        from tidemark_local.cloudformation.glue import GlueTableProvider

        self.factory = GlueTableProvider


class AthenaWorkGroupPlugin(_LazyProviderPlugin):
    name = "AWS::Athena::WorkGroup"

    def load(self) -> None:
        from tidemark_local.cloudformation.athena import AthenaWorkGroupProvider

        self.factory = AthenaWorkGroupProvider


class AthenaNamedQueryPlugin(_LazyProviderPlugin):
    name = "AWS::Athena::NamedQuery"

    def load(self) -> None:
        from tidemark_local.cloudformation.athena import AthenaNamedQueryProvider

        self.factory = AthenaNamedQueryProvider


class CloudWatchDashboardPlugin(_LazyProviderPlugin):
    name = "AWS::CloudWatch::Dashboard"

    def load(self) -> None:
        from tidemark_local.cloudformation.observability import CloudWatchDashboardProvider

        self.factory = CloudWatchDashboardProvider


class LogsMetricFilterPlugin(_LazyProviderPlugin):
    name = "AWS::Logs::MetricFilter"

    def load(self) -> None:
        from tidemark_local.cloudformation.observability import LogsMetricFilterProvider

        self.factory = LogsMetricFilterProvider


class CustomResourcePlugin(_LazyProviderPlugin):
    name = "AWS::CloudFormation::CustomResource"

    def load(self) -> None:
        from tidemark_local.cloudformation.custom_resource import CustomResourceProvider

        self.factory = CustomResourceProvider
