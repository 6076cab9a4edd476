"""A small RMCP+ console that sends what no ordinary client would: packet by packet, each to be kept,
sent again, or left without its seal. Section numbers are those of IPMI 2.0."""

import hashlib
import hmac
import itertools
import os
import socket
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import ipmi
from .daemon import PASSWORD
from .waiting import HANG

# Of each suite: authentication, integrity and confidentiality (table 22-20).
SUITES = {
    0: (0, 0, 0), 1: (1, 0, 0), 2: (1, 1, 0), 3: (1, 1, 1), 4: (1, 1, 2), 5: (1, 1, 3),
    6: (2, 0, 0), 7: (2, 2, 0), 8: (2, 2, 1), 9: (2, 2, 2), 10: (2, 2, 3),
    11: (2, 3, 0), 12: (2, 3, 1), 13: (2, 3, 2), 14: (2, 3, 3),
    15: (3, 0, 0), 16: (3, 4, 0), 17: (3, 4, 1), 18: (3, 4, 2), 19: (3, 4, 3),
}
# The hash of those that are spoken here, and how many bytes of it check a packet.
SPOKEN = {3: (hashlib.sha1, 12), 17: (hashlib.sha256, 16)}

MESSAGE, OPEN, OPENED, RAKP1, RAKP2, RAKP3, RAKP4 = 0, 16, 17, 18, 19, 20, 21
AUTHENTICATED, ENCRYPTED = 0x40, 0x80
CALLBACK, USER, OPERATOR, ADMINISTRATOR = 1, 2, 3, 4

CHASSIS, APP = 0x00, 0x06
OK, PRIVILEGE = 0x00, 0xD4
# Status codes of a setup (table 13-15).
RESOURCES, NO_SUCH_SUITE = 0x01, 0x11


class Refused(Exception):
    """The setup of a session was refused; the argument is the status."""


def checksum(data: bytes) -> int:
    """The two's complement checksum (section 13.8)."""
    return -sum(data) & 0xFF


def packet(kind: int, session: int, sequence: int, payload: bytes) -> bytes:
    """An RMCP+ packet up to its trailer (section 13.6)."""
    return (bytes([6, 0, 0xFF, 7, 6, kind]) + struct.pack("<IIH", session, sequence, len(payload))
            + payload)


def ping(tag: int) -> bytes:
    """A presence ping (section 13.2.3)."""
    return bytes([6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, tag, 0, 0])


class Console:
    """One socket, with a session once `log_in` made one."""

    def __init__(self, address: str, source: str = "127.0.0.1"):
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(HANG)
        self.socket.bind((source, 0))
        self.socket.connect((host, int(port)))
        self.tags = itertools.count(1)
        self.requests = itertools.count(1)
        self.sequence = 0
        self.suite, self.own, self.managed = 17, 0, 0

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    # Setting a session up.

    def open(self, suite: int, role: int = ADMINISTRATOR) -> int:
        """Asks for a session with a suite; gives the status of the answer."""
        self.suite = suite
        return self.open_with(SUITES[suite], role)

    def open_with(self, triple: tuple[int, int, int], role: int = ADMINISTRATOR) -> int:
        """Sends Open Session (section 13.17) for these algorithms; gives the status of the answer."""
        self.own = int.from_bytes(os.urandom(4), "little") | 1
        answer = self.ask(OPEN, self.open_request(triple, role), OPENED)
        if answer[1] == OK:
            (console, self.managed) = struct.unpack_from("<II", answer, 4)
            assert console == self.own and self.managed != 0
        return answer[1]

    def open_request(self, triple: tuple[int, int, int], role: int = ADMINISTRATOR) -> bytes:
        """The payload of Open Session, as this console would send it next."""
        wanted = b"".join(bytes([kind, 0, 0, 8, algorithm, 0, 0, 0])
                          for kind, algorithm in enumerate(triple))
        return struct.pack("<BBHI", next(self.tags) & 0xFF, role, 0, self.own) + wanted

    def ask(self, kind: int, payload: bytes, answered: int) -> bytes:
        """Sends a payload outside of a session and gives the one that answers it."""
        self.socket.send(packet(kind, 0, 0, payload))
        answer = self.socket.recv(1024)
        assert answer[:6] == bytes([6, 0, 0xFF, 7, 6, answered]), answer.hex()
        return answer[16:]

    def log_in(self, user: str, password: str, suite: int = 17, role: int = ADMINISTRATOR,
               bmc_key: str = "", level: int | None = None) -> "Console":
        """Sets a session up (section 13.20 to 13.24) and raises it to `level`, by default the role.

        Raises `Refused` with the status of the step that was refused.
        """
        if status := self.open(suite, role):
            raise Refused(status)
        name, number = user.encode(), os.urandom(16)
        body = struct.pack("<B3xI16sB2xB", next(self.tags) & 0xFF, self.managed, number,
                           role | 0x10, len(name)) + name
        answer = self.ask(RAKP1, body, RAKP2)
        if answer[1]:
            raise Refused(answer[1])
        theirs, guid, proof = answer[8:24], answer[24:40], answer[40:]
        digest, _ = SPOKEN[suite]
        secret = password.encode()
        mine = bytes([role | 0x10, len(name)]) + name
        ids = struct.pack("<II", self.own, self.managed)
        # Whether the BMC knows the password is not asked here, so that wrong ones are tried too.
        self.knows = proof == hmac.digest(secret, ids + number + theirs + guid + mine, digest)
        code = hmac.digest(secret, theirs + struct.pack("<I", self.own) + mine, digest)
        session_key = hmac.digest(bmc_key.encode() or secret, number + theirs + mine, digest)
        body = struct.pack("<BBHI", next(self.tags) & 0xFF, OK, 0, self.managed) + code
        answer = self.ask(RAKP3, body, RAKP4)
        if answer[1]:
            raise Refused(answer[1])
        length = SPOKEN[suite][1]
        check = hmac.digest(session_key, number + struct.pack("<I", self.managed) + guid, digest)
        assert self.knows and answer[8:] == check[:length], "the BMC doesn't know the key"
        self.integrity = hmac.digest(session_key, bytes([1]) * 20, digest)
        self.secrecy = hmac.digest(session_key, bytes([2]) * 20, digest)[:16]
        self.sequence = 0
        level = role if level is None else level
        if level > USER:
            assert self.command(APP, 0x3B, bytes([level])) == (OK, bytes([level]))
        return self

    # Inside of a session.

    def request(self, net_fn: int, command: int, data: bytes = b"", number: int | None = None,
                lun: int = 0) -> bytes:
        """A request to the BMC (section 13.8); `number`: that of the request, else a new one."""
        number = next(self.requests) if number is None else number
        head = bytes([0x20, net_fn << 2 | lun])
        body = bytes([0x81, (number & 0x3F) << 2, command]) + data
        return head + bytes([checksum(head)]) + body + bytes([checksum(body)])

    def seal(self, message: bytes, sequence: int | None = None, authenticated: bool = True,
             encrypted: bool = True) -> bytes:
        """A packet of the session, with the next number unless another is given; what it lacks of
        its protection, it lacks in its header too."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        kind = MESSAGE | AUTHENTICATED * authenticated | ENCRYPTED * encrypted
        if encrypted:
            vector = os.urandom(16)
            pad = -(len(message) + 1) % 16
            padded = message + bytes(range(1, pad + 1)) + bytes([pad])
            cipher = Cipher(algorithms.AES(self.secrecy), modes.CBC(vector)).encryptor()
            message = vector + cipher.update(padded) + cipher.finalize()
        sealed = packet(kind, self.managed, sequence, message)
        if authenticated:
            pad = -(len(sealed) - 4 + 2) % 4
            sealed += b"\xff" * pad + bytes([pad, 7])
            sealed += self.check(sealed[4:])
        return sealed

    def check(self, covered: bytes) -> bytes:
        """What proves a packet, from its authentication type on (section 13.28.4)."""
        digest, length = SPOKEN[self.suite]
        return hmac.digest(self.integrity, covered, digest)[:length]

    def unseal(self, sealed: bytes) -> bytes:
        """The message in a packet of the session, which must be protected in every way."""
        kind, session, _, length = struct.unpack_from("<BIIH", sealed, 5)
        proof = SPOKEN[self.suite][1]
        assert (kind, session) == (MESSAGE | AUTHENTICATED | ENCRYPTED, self.own), sealed.hex()
        assert hmac.compare_digest(self.check(sealed[4:-proof]), sealed[-proof:]), sealed.hex()
        vector, text = sealed[16:32], sealed[32:16 + length]
        cipher = Cipher(algorithms.AES(self.secrecy), modes.CBC(vector)).decryptor()
        padded = cipher.update(text) + cipher.finalize()
        return padded[:-1 - padded[-1]]

    def answer(self) -> tuple[int, int, int, bytes]:
        """The next answer of the session: its request's number, command, completion code, data."""
        return self.read(self.socket.recv(1024))

    def read(self, sealed: bytes) -> tuple[int, int, int, bytes]:
        """What an answer of the session says."""
        message = self.unseal(sealed)
        assert checksum(message[:3]) == 0 and checksum(message[3:]) == 0, message.hex()
        return message[4] >> 2, message[5], message[6], message[7:-1]

    def command(self, net_fn: int, command: int, data: bytes = b"") -> tuple[int, bytes]:
        """Sends a command and gives its completion code and data."""
        self.socket.send(self.seal(self.request(net_fn, command, data)))
        _, answered, code, data = self.answer()
        assert answered == command
        return code, data

    def answers_before_a_pong(self) -> list[bytes]:
        """All that is still on its way, up to the answer to a presence ping that is sent now: what
        isn't there by then was not sent."""
        self.socket.send(ping(1))
        seen = []
        while (datagram := self.socket.recv(1024))[3] != 6:
            seen.append(datagram)
        return seen


def console(bmc, source: str = "127.0.0.1") -> Console:
    """A console at the first server's address."""
    return Console(ipmi.address(bmc), source)


def logged_in(bmc, user: str = "admin", **more) -> Console:
    """A console with a session; the arguments are those of `log_in` after the password."""
    return console(bmc).log_in(user, PASSWORD, **more)
