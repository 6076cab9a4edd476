"""Looks at a BMC: each has a name, and says `SHOWN` or what a client finds instead.

A table has looks in pairs with what each finds where something is off.
"""

from .faults import FAULTS

SHOWN = "shown"


def asked(method: str, path: str, body=None):
    """A look by a request: `SHOWN` when it is served, else the status."""
    def look(client):
        status = client.status(method, path, body)
        return SHOWN if status < 300 else status
    return f"{method} {path} {body or ''}", look


def there(path: str):
    """A look for a thing that may have nothing to show right now: `SHOWN`, or 404 for absent."""
    def look(client):
        status = client.status("GET", path)
        return status if status == 404 else SHOWN
    return f"there {path}", look


def read(path: str, *names: str):
    """A look for a property, as a path of names within a resource: `SHOWN`, or None for absent."""
    def look(client):
        value = client.get(path)
        for name in names:
            if name not in value:
                return None
            value = value[name]
        return SHOWN
    return f"{path} {'/'.join(names)}", look


def fault(kind: str, **values):
    """A look by setting and clearing a fault by the native API."""
    path = FAULTS.format("1")

    def look(client):
        answer = client.send("POST", path, {"kind": kind, **values})
        if answer.status_code != 201:
            return answer.status_code
        assert client.status("DELETE", f"{path}/{answer.json()['id']}") == 204
        return SHOWN
    return f"fault {kind}", look


def looks(*tables) -> list:
    """The looks of tables without what they find."""
    return [look for rows in tables for look, _ in rows]


def found(client, looks) -> dict:
    """What each look finds at one door."""
    return {name: look(client) for name, look in looks}


def absent(rows) -> dict:
    """What the looks of a table find where the thing is off."""
    return {name: off for (name, _), off in rows}


def shown(looks) -> dict:
    """What looks find where everything is on."""
    return {name: SHOWN for name, _ in looks}


def shape(client) -> dict[str, list[str]]:
    """Every resource of the Redfish tree, each with the names of its properties."""
    seen, ahead = {}, ["/redfish/v1/"]
    while ahead:
        path = ahead.pop()
        if path not in seen:
            resource = client.get(path)
            seen[path] = sorted(resource)
            ahead += links(resource)
    return seen


def links(value) -> list[str]:
    """The resources that a JSON value links to; parts of a resource are no resources."""
    if isinstance(value, list):
        return [link for each in value for link in links(each)]
    if not isinstance(value, dict):
        return []
    own = [value["@odata.id"]] if "#" not in value.get("@odata.id", "#") else []
    return own + links(list(value.values()))
