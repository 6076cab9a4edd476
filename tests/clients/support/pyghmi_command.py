"""Calls one method of pyghmi's Command, in a process of its own: pyghmi keeps sockets and threads.

    python pyghmi_command.py '{"bmc": ..., "userid": ..., ...}' METHOD '{"argument": ...}'

The answer is printed as JSON.
"""

import json
import sys

from pyghmi.ipmi.command import Command


def main() -> None:
    connection, method, arguments = sys.argv[1:]
    connection = json.loads(connection)
    if key := connection.pop("kg", None):
        connection["kg"] = key.encode()
    command = Command(**connection)
    print(json.dumps(getattr(command, method)(**json.loads(arguments))))
    command.ipmi_session.logout()


if __name__ == "__main__":
    main()
