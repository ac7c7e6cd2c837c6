"""Answers and requests of the Glue catalog brought to the shape AWS gives them."""

from typing import Any

_DESCRIPTOR_DEFAULTS: dict[str, Any] = {
    "NumberOfBuckets": 0,
    "Compressed": False,
    "StoredAsSubDirectories": False,
    "BucketColumns": [],
    "SortColumns": [],
    "Parameters": {},
}


def complete_descriptor(item: dict) -> dict:
    """A Table or Partition whose StorageDescriptor has every member Trino reads unguarded."""
    descriptor = item.get("StorageDescriptor")
    if descriptor is None:
        return item
    return {**item, "StorageDescriptor": {**_DESCRIPTOR_DEFAULTS, **descriptor}}


def complete_table(item: dict) -> dict:
    completed = complete_descriptor(item)
    return {"PartitionKeys": [], "Parameters": {}, **completed}


def lower_case_names(request: dict) -> dict:
    """Glue stores database and table names in lower case, whatever the caller writes."""
    changed = {
        k: v.lower() if k in ("DatabaseName", "TableName") and isinstance(v, str) else v for k, v in request.items()
    }
    for name in ("TableInput", "DatabaseInput"):
        if isinstance(changed.get(name), dict) and changed[name].get("Name"):
            changed[name] = {**changed[name], "Name": changed[name]["Name"].lower()}
    return changed


def page(items: list[Any], token: str | None, size: int) -> tuple[list[Any], str | None]:
    """Items [token, token + size) and the next token."""
    start = int(token or 0)
    following = start + size
    return items[start:following], str(following) if following < len(items) else None
