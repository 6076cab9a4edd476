"""Faults of a simulated server, by the native API."""

FAULTS = "/api/v1/servers/{}/faults"


def set_fault(client, kind: str, server: str = "1", **more) -> str:
    """Sets a fault and gives the path that clears it."""
    path = FAULTS.format(server)
    answer = client.send("POST", path, {"kind": kind, **more})
    assert answer.status_code == 201, f"{kind}: {answer.status_code} {answer.text}"
    return f"{path}/{answer.json()['id']}"


def listed(client, server: str = "1") -> list[dict]:
    """The faults in force."""
    answer = client.get(FAULTS.format(server))
    return answer["faults"] if isinstance(answer, dict) else answer
