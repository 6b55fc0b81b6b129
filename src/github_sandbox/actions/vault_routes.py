"""Routes of a repository's secrets and variables.

https://docs.github.com/en/rest/actions/secrets and https://docs.github.com/en/rest/actions/variables
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.actions import access, shapes
from github_sandbox.actions.vault import BadValueError
from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.http.messages import Response
from github_sandbox.rest.router import UNDER_REPOSITORY, Route

if TYPE_CHECKING:
    from github_sandbox.actions.run_routes import ActionsHandle
    from github_sandbox.actions.service import Actions
    from github_sandbox.actions.vault import Entries
    from github_sandbox.rest.call import Call


def _secrets(actions: Actions, call: Call, level: access.Level) -> Entries:
    access.demand(actions, call, "secrets", level)
    return actions.vault.secrets(call.repository.database_id)


def _variables(actions: Actions, call: Call, level: access.Level) -> Entries:
    access.demand(actions, call, "variables", level)
    return actions.vault.variables(call.repository.database_id)


def get_public_key(actions: Actions, call: Call) -> Response:
    """Give the key that secrets are to be sealed for."""
    access.demand(actions, call, "secrets", "read")
    return json_answer({"key_id": actions.vault.key_id, "key": actions.vault.public_key})


def list_secrets(actions: Actions, call: Call) -> Response:
    """List secrets without their values."""
    return access.wrapped(call, "secrets", _secrets(actions, call, "read").all(), shapes.secret)


def get_secret(actions: Actions, call: Call) -> Response:
    """Give a secret without its value."""
    found = _secrets(actions, call, "read").find(call.params["name"])
    return not_found() if found is None else json_answer(shapes.secret(found))


def put_secret(actions: Actions, call: Call) -> Response:
    """Set a secret: 201 for a new one, 204 for another value."""
    secrets, body = _secrets(actions, call, "write"), access.body_of(call)
    try:
        value = actions.vault.opened(body.get("key_id"), body.get("encrypted_value"))
        return json_answer({}, 201) if secrets.put(call.params["name"], value) else Response(204)
    except BadValueError as error:
        return message(422, str(error))


def delete_secret(actions: Actions, call: Call) -> Response:
    """Remove a secret."""
    return Response(204) if _secrets(actions, call, "write").remove(call.params["name"]) else not_found()


def list_variables(actions: Actions, call: Call) -> Response:
    """List variables."""
    return access.wrapped(call, "variables", _variables(actions, call, "read").all(), shapes.variable)


def get_variable(actions: Actions, call: Call) -> Response:
    """Give a variable."""
    found = _variables(actions, call, "read").find(call.params["name"])
    return not_found() if found is None else json_answer(shapes.variable(found))


def add_variable(actions: Actions, call: Call) -> Response:
    """Make a variable; 409 for one that is there."""
    variables, body = _variables(actions, call, "write"), access.body_of(call)
    name, value = body.get("name"), body.get("value")
    if not isinstance(name, str) or not isinstance(value, str):
        return message(422, "Invalid request.\n\nname and value must be texts.")
    if variables.find(name) is not None:
        return message(409, "Already exists - Variable already exists")
    return _put(variables, name, value, json_answer({}, 201))


def change_variable(actions: Actions, call: Call) -> Response:
    """Give a variable another value, another name, or both."""
    variables, body = _variables(actions, call, "write"), access.body_of(call)
    known = variables.find(call.params["name"])
    if known is None:
        return not_found()
    name, value = body.get("name", known.name), body.get("value", known.value)
    if not isinstance(name, str) or not isinstance(value, str):
        return message(422, "Invalid request.\n\nname and value must be texts.")
    answer = _put(variables, name, value, Response(204))
    if answer.status == Response(204).status and name.upper() != known.name:
        variables.remove(known.name)
    return answer


def delete_variable(actions: Actions, call: Call) -> Response:
    """Remove a variable."""
    return Response(204) if _variables(actions, call, "write").remove(call.params["name"]) else not_found()


def _put(variables: Entries, name: str, value: str, answer: Response) -> Response:
    try:
        variables.put(name, value)
    except BadValueError as error:
        return message(422, str(error))
    return answer


_SECRETS, _VARIABLES = UNDER_REPOSITORY + "/actions/secrets", UNDER_REPOSITORY + "/actions/variables"
ROUTES: tuple[Route[ActionsHandle], ...] = (
    Route("GET", _SECRETS, list_secrets),
    Route("GET", _SECRETS + "/public-key", get_public_key),
    Route("GET", _SECRETS + "/{name}", get_secret),
    Route("PUT", _SECRETS + "/{name}", put_secret),
    Route("DELETE", _SECRETS + "/{name}", delete_secret),
    Route("GET", _VARIABLES, list_variables),
    Route("POST", _VARIABLES, add_variable),
    Route("GET", _VARIABLES + "/{name}", get_variable),
    Route("PATCH", _VARIABLES + "/{name}", change_variable),
    Route("DELETE", _VARIABLES + "/{name}", delete_variable),
)
