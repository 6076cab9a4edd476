"""Guessing passwords gets slower and slower, for who guesses and for nobody else."""

from support.daemon import PASSWORD
from support.redfish import SESSIONS, SYSTEM
from support.waiting import until

FREE = 10  # failures in five minutes that cost nothing


def guess(client, number: int) -> int:
    """Tries a wrong password by a session; gives the status."""
    body = {"UserName": "admin", "Password": f"wrong-{number}"}
    return client.status("POST", SESSIONS, body)


def test_after_ten_failures_the_guesser_waits(serve):
    bmc = serve()
    guesser = bmc.client(source="127.0.0.2")
    guesser.http.auth = None
    assert [guess(guesser, number) for number in range(FREE)] == [401] * FREE
    # Each failure from now on is followed by a wait; within it nothing is tried at all.
    answers = [guess(guesser, FREE)]
    answer = guesser.send("POST", SESSIONS, {"UserName": "admin", "Password": PASSWORD})
    assert answers == [401] and answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 2

    # The same by Basic: one back-off for every way in.
    assert bmc.client(source="127.0.0.2").status("GET", SYSTEM) == 429

    # Another source, and another account from this source, don't wait.
    assert bmc.client(source="127.0.0.3").status("GET", SYSTEM) == 200
    operator = {"UserName": "op", "Password": PASSWORD, "RoleId": "Operator"}
    bmc.client(source="127.0.0.3").create("/redfish/v1/AccountService/Accounts", operator)
    assert bmc.client("op", source="127.0.0.2").status("GET", SYSTEM) == 200

    # After the wait the right password is let in, and clears the count.
    until(lambda: guesser.send("POST", SESSIONS, {"UserName": "admin", "Password": PASSWORD})
          .status_code == 201, "the wait is over")
    assert [guess(guesser, number) for number in range(FREE)] == [401] * FREE


def test_the_wait_doubles(serve):
    guesser = serve().client(source="127.0.0.2")
    guesser.http.auth = None
    waits = []

    def fail_again() -> bool:
        answer = guesser.send("POST", SESSIONS, {"UserName": "admin", "Password": "wrong-again"})
        if answer.status_code == 401:
            after = guesser.send("POST", SESSIONS, {"UserName": "admin", "Password": "wrong-again"})
            waits.append(int(after.headers.get("Retry-After", 0)))
        return [wait for wait in waits if wait] == [1, 2, 4]

    until(fail_again, "waits of 1, 2 and 4 seconds")


def test_wrong_names_and_wrong_passwords_are_answered_alike(serve):
    visitor = serve().visitor()
    bodies = []
    for name in ("admin", "nobody"):
        answer = visitor.send("POST", SESSIONS, {"UserName": name, "Password": "wrong-secret"})
        assert answer.status_code == 401
        bodies.append(answer.text.replace(name, "NAME"))
    assert bodies[0] == bodies[1]


def test_a_locked_out_source_keeps_its_session(serve):
    bmc = serve()
    worker = bmc.client(source="127.0.0.2")
    assert worker.log_in("admin", PASSWORD).status_code == 201
    guesser = bmc.client(source="127.0.0.2")
    guesser.http.auth = None
    until(lambda: guess(guesser, 0) == 429, "the guesser waits", limit=120)
    assert worker.status("GET", SYSTEM) == 200
