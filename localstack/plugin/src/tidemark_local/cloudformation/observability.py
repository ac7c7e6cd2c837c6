"""AWS::CloudWatch::Dashboard and AWS::Logs::MetricFilter."""

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceProvider, ResourceRequest

from tidemark_local.cloudformation.model import Properties, already_gone_is_fine, generated_name, schema, succeeded


class CloudWatchDashboardProvider(ResourceProvider[Properties]):
    TYPE = "AWS::CloudWatch::Dashboard"
    SCHEMA = schema(TYPE, identifier="DashboardName", create_only=["DashboardName"])

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        model = request.desired_state
        name = model.get("DashboardName") or generated_name(request.stack_name, request.logical_resource_id)
        return self._put(request, name)

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        return self._put(request, request.previous_state["DashboardName"])

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        with already_gone_is_fine("ResourceNotFound", "DashboardNotFoundError"):
            request.aws_client_factory.cloudwatch.delete_dashboards(
                DashboardNames=[request.previous_state["DashboardName"]]
            )
        return succeeded({})

    def _put(self, request: ResourceRequest[Properties], name: str) -> ProgressEvent[Properties]:
        body = request.desired_state["DashboardBody"]
        request.aws_client_factory.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)
        return succeeded({**request.desired_state, "DashboardName": name})


class LogsMetricFilterProvider(ResourceProvider[Properties]):
    TYPE = "AWS::Logs::MetricFilter"
    SCHEMA = schema(TYPE, identifier="FilterName", create_only=["FilterName", "LogGroupName"])

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        name = request.desired_state.get("FilterName")
        return self._put(request, name or generated_name(request.stack_name, request.logical_resource_id))

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Deletes first: moto would keep both filters under the one name."""
        self.delete(request)
        return self._put(request, request.previous_state["FilterName"])

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        old = request.previous_state
        with already_gone_is_fine("ResourceNotFoundException"):
            request.aws_client_factory.logs.delete_metric_filter(
                logGroupName=old["LogGroupName"], filterName=old["FilterName"]
            )
        return succeeded({})

    def _put(self, request: ResourceRequest[Properties], name: str) -> ProgressEvent[Properties]:
        model = request.desired_state
        request.aws_client_factory.logs.put_metric_filter(
            logGroupName=model["LogGroupName"],
            filterName=name,
            filterPattern=model["FilterPattern"],
            metricTransformations=[_transformation(given) for given in model["MetricTransformations"]],
        )
        return succeeded({**model, "FilterName": name})


def _transformation(given: Properties) -> Properties:
    """The API's names start with a small letter, and its dimensions are a map."""
    result = {name[0].lower() + name[1:]: value for name, value in given.items() if name != "Dimensions"}
    if given.get("Dimensions"):
        result["dimensions"] = {dimension["Key"]: dimension["Value"] for dimension in given["Dimensions"]}
    if "defaultValue" in result:
        result["defaultValue"] = float(result["defaultValue"])
    return result
