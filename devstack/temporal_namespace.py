"""Sets up the desk's namespace: a retention that is long enough for the audit, and its search attributes."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from dispatch.models.errors import DevStackError
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES, SearchAttributeType

_TYPES: dict[SearchAttributeType, IndexedValueType.ValueType] = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


async def read_retention(client: Client) -> timedelta:
    """Return how long the server keeps a closed request of the client's namespace."""
    found = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    return found.config.workflow_execution_retention_ttl.ToTimedelta()


async def set_retention(client: Client, *, days: int, minimum_days: int) -> bool:
    """Set the retention and read it back from the server; return whether it has changed.

    Raises DevStackError if the server's value is then below the minimum: it would delete the audit trail.
    """
    wanted = timedelta(days=days)
    before = await read_retention(client)
    if before != wanted:
        duration = Duration()
        duration.FromTimedelta(wanted)
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(
                namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=duration)
            )
        )
    kept = await read_retention(client)
    if kept < timedelta(days=minimum_days):
        raise DevStackError(
            f"namespace {client.namespace} keeps closed requests {kept.days} days and the audit needs {minimum_days}; "
            "set DISPATCH_RETENTION_DAYS to that or more, or lower DISPATCH_MINIMUM_RETENTION_DAYS."
        )
    return before != wanted


async def ensure_search_attributes(client: Client) -> None:
    """Create the missing search attributes of the desk.

    Raises DevStackError when one exists with another type, or cannot be created.
    """
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    there = dict(listed.custom_attributes)
    for name, kind in SEARCH_ATTRIBUTES.items():
        if name in there and there[name] != _TYPES[kind]:
            raise DevStackError(
                f"search attribute {name} of namespace {client.namespace} is not of type {kind}; remove it with "
                f"`temporal operator search-attribute remove --name {name}` and start again."
            )
    missing = {name: _TYPES[kind] for name, kind in SEARCH_ATTRIBUTES.items() if name not in there}
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
    except RPCError as error:
        raise DevStackError(
            f"search attributes {', '.join(missing)} cannot be created: {error.message}."
        ) from None
