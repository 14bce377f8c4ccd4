"""A root of Debian that holds Python and nothing that compiles, to try a wheel in as a container would.

mmdebstrap makes it from the mirror that apt of this machine uses. What pip is told by the environment and its own files
is carried in, and so are the certificates and the resolver of this machine.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["clean_root", "inside", "missing_programs"]

# libstdc++ is among the libraries that manylinux lets wheels expect (PEP 599); packages that ours needs do.
PACKAGES = "python3,python3-venv,ca-certificates,libstdc++6"
COMPILERS = ("cargo", "rustc", "cc", "gcc", "g++", "clang", "maturin", "make")
_PIP_FILES = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
_CARRIED = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_")


def missing_programs() -> list[str]:
    """Name what is not here of what is needed; all of it also needs root."""
    missing = [name for name in ("mmdebstrap", "apt-get", "unshare") if shutil.which(name) is None]
    return missing + ([] if os.geteuid() == 0 else ["root"])


@contextmanager
def clean_root(suite: str) -> Iterator[Path]:
    """Make a root of a suite of Debian; it is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="clean-root-") as name:
        root = Path(name) / "root"
        options = ["--mode=root", "--variant=essential", f"--include={PACKAGES}", "--quiet"]
        # Its mounts are seen by nobody else, and gone with it.
        subprocess.run(["unshare", "--mount", "mmdebstrap", *options, suite, str(root), _mirror()], check=True)
        for program in COMPILERS:
            if any((root / folder / program).exists() for folder in ("usr/bin", "usr/local/bin", "usr/sbin")):
                raise SystemExit(f"{program} is in the root; it is not clean")
        _carry_settings(root)
        yield root


def inside(root: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a root, with processes of its own and no environment but what pip needs."""
    carried = {name: value for name, value in os.environ.items() if name.upper().startswith(_CARRIED)}
    clean = {"PATH": "/venv/bin:/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **carried}
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--root={root}", "--wd=/root", "--mount-proc"]
    return subprocess.run(
        [*command, *map(str, words)], env=clean, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def _mirror() -> str:
    """First mirror that apt takes packages from."""
    words = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    sites = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    if not sites:
        raise SystemExit("apt knows of no mirror; `apt-get update` fetches what it has")
    return sites[0]


def _carry_settings(root: Path) -> None:
    files = ["/etc/resolv.conf", "/etc/hosts", *_PIP_FILES]
    files += [os.environ[name] for name in ("PIP_CERT", "PIP_CONFIG_FILE", "SSL_CERT_FILE") if name in os.environ]
    for file in files:
        source = Path(file).expanduser()
        if source.is_file():
            # A home in the root is that of its own user.
            target = (
                root / "root" / source.relative_to(Path.home())
                if file.startswith("~")
                else root / source.relative_to("/")
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy(source, target)


if __name__ == "__main__":
    sys.exit("this is used by tools/check_wheel.py --root SUITE")
