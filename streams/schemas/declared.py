"""JSON Schemas of declared types: fields, what they hold, and which values are known today."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Schema = dict[str, Any]

_JSON_TYPES: Mapping[object, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    NoneType: "null",
}


def of_object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    """Return the schema of an object; fields that it does not name are allowed to come."""
    return {"type": "object", "properties": dict(properties), "required": sorted(required)}


def of_class(declared: type, meanings: Mapping[str, str]) -> Schema:
    """Return the schema of a dataclass, a TypedDict or a NamedTuple as it is written.

    `meanings` says what every field means. A field with a default is left out rather than null.
    """
    optional = _with_defaults(declared)
    return of_object(
        {
            name: {
                "description": meanings[name],
                **of_type(_told(kind) if name in optional else kind, meanings),
            }
            for name, kind in get_type_hints(declared).items()
        },
        [name for name in get_type_hints(declared) if name not in optional],
    )


def of_type(kind: Any, meanings: Mapping[str, str]) -> Schema:
    """Return the schema of a field's type; of a Literal the values are examples, more may come."""
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return of_class(kind, meanings)
    origin = get_origin(kind)
    if origin is Literal:
        return {"type": "string", "examples": list(get_args(kind))}
    if origin in (Union, UnionType):
        parts = [of_type(part, meanings) for part in get_args(kind)]
        types = [part["type"] for part in parts]
        [examples] = [part["examples"] for part in parts if "examples" in part] or [[]]
        return {"type": types, **({"examples": examples} if examples else {})}
    if origin is list:
        [item] = get_args(kind)
        return {"type": "array", "items": of_type(item, meanings)}
    return {"type": _JSON_TYPES[kind]}


def _with_defaults(declared: type) -> set[str]:
    if not is_dataclass(declared):
        return set()
    return {
        field.name
        for field in fields(declared)
        if field.default is not MISSING or field.default_factory is not MISSING
    }


def _told(kind: Any) -> Any:
    """Return the type of an optional field where it is written."""
    parts = [part for part in get_args(kind) if part is not NoneType]
    return parts[0] if get_origin(kind) in (Union, UnionType) and len(parts) == 1 else kind
