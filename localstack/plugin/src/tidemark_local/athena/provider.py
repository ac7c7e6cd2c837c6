"""athena for LocalStack: every operation goes to moto."""

from localstack.aws.spec import load_service
from localstack.services.moto import _proxy_moto
from localstack.services.plugins import Service, aws_provider


class _Provider:
    service = "athena"


@aws_provider()
def athena() -> Service:
    return Service.for_provider(
        _Provider(), dispatch_table_factory=lambda _: dict.fromkeys(load_service("athena").operation_names, _proxy_moto)
    )
