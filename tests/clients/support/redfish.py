"""A small Redfish client: what a person with `curl` would send, and no more."""

import contextlib
import threading

import requests
from requests.adapters import HTTPAdapter
from requests_unixsocket.adapters import UnixAdapter

from .waiting import HANG, until

SYSTEM = "/redfish/v1/Systems/1"
CHASSIS, MANAGER = "/redfish/v1/Chassis/1", "/redfish/v1/Managers/1"
RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"
SESSIONS = "/redfish/v1/SessionService/Sessions"
ACCOUNTS = "/redfish/v1/AccountService/Accounts"


class From(HTTPAdapter):
    """Connects from one source address."""

    def __init__(self, source: str):
        self.source = source
        super().__init__()

    def init_poolmanager(self, *args, **more):
        super().init_poolmanager(*args, source_address=(self.source, 0), **more)


class Redfish:
    """One user at one service, by Basic or, after `log_in`, by a session."""

    def __init__(self, url: str, certificate, user=None, password=None, source=None):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = certificate
        self.http.mount("http+unix://", UnixAdapter(HANG))
        if user is not None:
            self.http.auth = (user, password)
        if source:
            self.http.mount("https://", From(source))

    def send(self, method: str, path: str, body=None, **headers: str) -> requests.Response:
        """Sends a request and gives the answer, whatever it is."""
        return self.http.request(method, self.url + path, json=body, headers=headers,
                                 timeout=HANG, allow_redirects=False)

    def status(self, method: str, path: str, body=None) -> int:
        """The status of the answer alone."""
        return self.send(method, path, body).status_code

    def get(self, path: str) -> dict:
        """Reads a resource that must be there."""
        answer = self.send("GET", path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def change(self, path: str, body: dict) -> requests.Response:
        """Changes a resource; the change must be accepted."""
        answer = self.send("PATCH", path, body)
        assert answer.ok, f"PATCH {path} {body}: {answer.status_code} {answer.text}"
        return answer

    def create(self, path: str, body: dict) -> str:
        """Adds a member to a collection and gives its path."""
        answer = self.send("POST", path, body)
        assert answer.status_code == 201, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()["@odata.id"]

    def reset(self, kind: str, system: str = SYSTEM) -> requests.Response:
        """Asks for a reset of this type; it must be accepted."""
        path = f"{system}/Actions/ComputerSystem.Reset"
        answer = self.send("POST", path, {"ResetType": kind})
        assert answer.status_code in (202, 204), f"{kind}: {answer.status_code} {answer.text}"
        return answer

    def begin(self, kind: str) -> threading.Thread:
        """Asks for a reset without waiting for the answer, which need not come."""
        def ask() -> None:
            with contextlib.suppress(requests.ConnectionError):
                self.reset(kind)
        asking = threading.Thread(target=ask)
        asking.start()
        return asking

    def power(self, system: str = SYSTEM) -> str:
        """The power state now."""
        return self.get(system).get("PowerState")

    def await_power(self, state: str, system: str = SYSTEM) -> None:
        """Waits for a power state."""
        until(lambda: self.power(system) == state, f"{system} is {state}")

    def task(self, accepted: requests.Response) -> dict:
        """Follows the task of a 202 to its end and gives it."""
        assert accepted.status_code == 202, f"no task: {accepted.status_code} {accepted.text}"
        path = accepted.json()["@odata.id"]
        ended = {"Completed", "Exception", "Cancelled", "Killed"}
        return until(lambda: self._ended_task(path, ended), f"the end of {path}", limit=180)

    def _ended_task(self, path: str, ended: set) -> dict | None:
        task = self.get(path)
        return task if task["TaskState"] in ended else None

    def log_in(self, user: str, password: str) -> requests.Response:
        """Opens a session and uses it from now on, when it was opened."""
        self.http.auth = None
        answer = self.send("POST", SESSIONS, {"UserName": user, "Password": password})
        if answer.status_code == 201:
            self.http.headers["X-Auth-Token"] = answer.headers["X-Auth-Token"]
        return answer

    def account(self, user: str) -> str:
        """The path of an account."""
        for member in self.get(ACCOUNTS)["Members"]:
            if self.get(member["@odata.id"])["UserName"] == user:
                return member["@odata.id"]
        raise AssertionError(f"there is no account {user}")
