"""Embeddings as columns: bytes in a file, pgvector's own type on a server; little-endian float32 either way here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Integer, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType


class VectorBytes(bytes):
    """An embedding on its way to a server, whose driver knows it by this type."""

    __slots__ = ()


class _ServerVector(UserDefinedType[bytes]):
    cache_ok = True

    def get_col_spec(self, **_keywords: Any) -> str:
        # Without a length: the embeddings of several packs are in one column.
        return "vector"

    def bind_processor(self, dialect: Dialect) -> Callable[[bytes | None], VectorBytes | None]:  # noqa: ARG002
        return lambda value: None if value is None else VectorBytes(value)


class Embedding(TypeDecorator[bytes]):
    """An embedding, little-endian float32."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        return dialect.type_descriptor(_ServerVector() if dialect.name == "postgresql" else LargeBinary())


class stored_bytes(FunctionElement[int]):  # noqa: N801 - it reads as a function of the database
    """How many bytes an embedding has."""

    type = Integer()
    inherit_cache = True
    name = "stored_bytes"

    def __init__(self, column: ColumnElement[bytes] | InstrumentedAttribute[bytes]) -> None:
        super().__init__(column)


@compiles(stored_bytes)
def _in_file(element: stored_bytes, compiler: SQLCompiler, **keywords: Any) -> str:
    return f"length({compiler.process(element.clauses, **keywords)})"


@compiles(stored_bytes, "postgresql")
def _on_server(element: stored_bytes, compiler: SQLCompiler, **keywords: Any) -> str:
    return f"vector_dims({compiler.process(element.clauses, **keywords)}) * 4"
