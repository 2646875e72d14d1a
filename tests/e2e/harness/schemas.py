"""The published descriptions, used as the oracle: every message and answer a test sees must be described by them.

The documents leave objects open (members may be added later); the tests close them, so that a member the documents do
not name fails a test until it is documented.
"""
import functools
import json
import pathlib
import re

import jsonschema
import yaml

API_DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "api"


@functools.cache
def document(name):
    with open(API_DOCS / name) as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _pointed(reference, here):
    name, _, pointer = reference.partition("#")
    name = name.removeprefix("./") or here
    node = document(name)
    for part in pointer.strip("/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node, name


def _merged(schema, here):
    """The members of an object schema and of all that its `allOf` names."""
    while "$ref" in schema:
        schema, here = _pointed(schema["$ref"], here)
    properties = {name: closed(member, here) for name, member in schema.get("properties", {}).items()}
    required = list(schema.get("required", []))
    for part in schema.get("allOf", []):
        more, more_required = _merged(part, here)
        properties.update(more)
        required += more_required
    return properties, required


def closed(schema, here):
    """`schema` with references resolved, `allOf` merged and objects closed unless they say otherwise."""
    if isinstance(schema, list):
        return [closed(item, here) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target, name = _pointed(schema["$ref"], here)
        return closed(target, name)
    if "allOf" in schema:
        properties, required = _merged(schema, here)
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    out = {}
    for key, value in schema.items():
        if key in ("examples", "example", "default", "enum", "const", "required"):
            out[key] = value
        elif key == "properties":
            out[key] = {name: closed(member, here) for name, member in value.items()}
        else:
            out[key] = closed(value, here) if isinstance(value, (dict, list)) else value
    if "properties" in out and "additionalProperties" not in out:
        out["additionalProperties"] = False
    return out


def _validator(schema, here):
    return jsonschema.Draft202012Validator(closed(schema, here))


def _complain(validator, value, what):
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if error:
        place = "/".join(map(str, error.absolute_path))
        raise AssertionError(f"{what} is not as documented at '{place}': {error.message}\n{json.dumps(value)[:1500]}")


# messages ------------------------------------------------------------------------------------------------------------
@functools.cache
def server_messages():
    """type -> validator, of every message the server may send."""
    api = document("asyncapi.yaml")
    validators = {}
    for reference in api["operations"]["receiveFromServer"]["messages"]:
        message, _ = _pointed(reference["$ref"], "asyncapi.yaml")
        while "$ref" in message:
            message, _ = _pointed(message["$ref"], "asyncapi.yaml")
        validators[message["name"]] = _validator(message["payload"], "asyncapi.yaml")
    return validators


ORDER = ["type", "timestamp", "data"]


def check_message(message, text):
    validator = server_messages().get(message.get("type"))
    assert validator, f"undocumented message type: {text[:500]}"
    _complain(validator, message, message["type"])
    first = [key for key in message if key in ORDER]
    assert list(message)[:len(first)] == first == [k for k in ORDER if k in message], f"member order: {text[:200]}"
    assert is_compact(text), f"not compact JSON: {text[:200]}"


def is_compact(text):
    return "\n" not in text


# REST ----------------------------------------------------------------------------------------------------------------
METHODS = ("get", "post", "put", "patch", "delete")


@functools.cache
def operations():
    """(METHOD, path template, compiled path, operation) of every documented route."""
    found = []
    for template, item in document("openapi.yaml")["paths"].items():
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)) + "$")
        for method in METHODS:
            if method in item:
                found.append((method.upper(), template, pattern, item[method]))
    return sorted(found, key=lambda row: row[1].count("{"))


def operation_of(method, path):
    path = path.split("?")[0]
    if path.startswith("/v1/"):
        path = "/api" + path
    for known_method, template, pattern, operation in operations():
        if known_method == method and pattern.match(path):
            return template, operation
    return None, None


@functools.cache
def _answer_validator(method, template, status):
    operation = document("openapi.yaml")["paths"][template][method.lower()]
    response = operation["responses"].get(str(status)) or operation["responses"].get("default")
    if response is None:
        return None, None
    here = "openapi.yaml"
    while "$ref" in response:
        response, here = _pointed(response["$ref"], here)
    content = response.get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return set(content), _validator(schema, here) if schema else None


def check_rest(method, path, answer):
    template, _ = operation_of(method, path)
    if template is None:
        return  # hostile tests ask for what is not there
    types, validator = _answer_validator(method, template, answer.status)
    what = f"{method} {template} -> {answer.status}"
    assert types is not None, f"{what} is not documented: {answer!r}"
    content_type = answer.headers.get("content-type", "").split(";")[0]
    if not types:
        assert not answer.body, f"{what} is documented without a body: {answer!r}"
        return
    assert content_type in types, f"{what}: content type {content_type!r}, documented {types}"
    if content_type == "application/json":
        _complain(validator, answer.json, what)
