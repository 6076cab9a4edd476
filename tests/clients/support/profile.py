"""Profiles for simulated machines: the plain PC's, with other values."""

import pathlib
import re

PC = pathlib.Path(__file__).parents[3] / "config/profiles/pc.toml"
# A machine that starts and stops without letting anybody wait, and boots by UEFI only when told to.
QUICK = {"native_mode": "legacy", "post": "200ms", "loader": "200ms", "os": "200ms",
         "shutdown": "200ms", "network": "200ms", "rest": "100ms", "long_press": "300ms",
         "forced_off_after": "200ms"}


def write(folder: pathlib.Path, **values: str) -> str:
    """Writes such a profile into a folder and gives its file's name there."""
    text = PC.read_text()
    for name, value in values.items():
        text, changed = re.subn(rf"^{name} = .*$", f'{name} = "{value}"', text, flags=re.MULTILINE)
        assert changed == 1, name
    (folder / "profile.toml").write_text(text)
    return "profile.toml"
