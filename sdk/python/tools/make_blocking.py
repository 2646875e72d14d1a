#!/usr/bin/env python3
"""Makes src/mlgraph/_blocking_api.py: each call of api.py and jobs.py for programs without an event loop. Names, types and texts are
taken over; what a call does is written once, in the asyncio client.

  tools/make_blocking.py          writes it
  tools/make_blocking.py --check  fails if it is not what would be written
"""
import ast
import pathlib
import sys

PACKAGE = pathlib.Path(__file__).resolve().parent.parent / "src" / "mlgraph"
GOAL = PACKAGE / "_blocking_api.py"

HEAD = '''"""Made by tools/make_blocking.py from api.py and jobs.py; not to be edited."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy.typing

from ._portal import Portal
from .aio import AsyncClient
from .api import AlertRuleChange, IndexChange, IndexSettings, RecallOptions, SearchOptions, TokenChange, TokenOptions
from .jobs import AsyncJob
from .objects import Alert, AlertRule, Alias, Filter, Index, Job, JobState, NewToken, State, Token, Vector
from .vectors import Hits, Metadata, Page, ServerFile, Source
'''

JOB = '''

class BlockingJob:
    """A job that was begun. Any thread may use it."""

    def __init__(self, portal: Portal, inner: AsyncJob) -> None:
        self._portal, self._inner = portal, inner
'''

API = '''

class BlockingApi:
    """The calls of `AsyncClient`, each of which blocks until it is answered. Any thread may use them."""

    _portal: Portal
    _inner: AsyncClient
'''


def public_methods(file, class_name):
    tree = ast.parse((PACKAGE / file).read_text())
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    return [node for node in found.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and not node.name.startswith("_") and "abstractmethod" not in map(ast.unparse, node.decorator_list)]


def passed_on(arguments):
    plain = [argument.arg for argument in arguments.args[1:]]
    named = [f"{argument.arg}={argument.arg}" for argument in arguments.kwonlyargs]
    rest = [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return ", ".join(plain + named + rest)


def docstring(method):
    """With its indentation, as it stands in the source."""
    return method.body[0].value.value


def blocking(method):
    returns = ast.unparse(method.returns)
    signature = f"    def {method.name}({ast.unparse(method.args)}) -> {returns.replace('AsyncJob', 'BlockingJob')}:"
    if len(signature) > 140:
        signature = f"    def {method.name}(\n        {ast.unparse(method.args)},\n    ) -> {returns.replace('AsyncJob', 'BlockingJob')}:"
    is_property = "property" in map(ast.unparse, method.decorator_list)
    if is_property:
        answer = f"self._inner.{method.name}"
    else:
        answer = f"self._inner.{method.name}({passed_on(method.args)})"
        if isinstance(method, ast.AsyncFunctionDef):
            answer = f"self._portal.run(lambda: {answer})"
    if returns == "AsyncJob":
        answer = f"BlockingJob(self._portal, {answer})"
    mark = "    @property\n" if is_property else ""
    return f'{mark}{signature}\n        """{docstring(method)}"""\n        {"" if returns == "None" else "return "}{answer}\n'


def text():
    job = [blocking(method) for method in public_methods("jobs.py", "AsyncJob")]
    api = [blocking(method) for method in public_methods("api.py", "AsyncApi") + public_methods("jobs.py", "AsyncJobApi")]
    return HEAD + JOB + "\n" + "\n".join(job) + API + "\n" + "\n".join(api)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if GOAL.read_text() == text() else f"{GOAL} is not what tools/make_blocking.py makes of api.py and jobs.py")
    GOAL.write_text(text())
