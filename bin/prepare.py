"""Make `.local/venv` and install requirements-local.txt there, unless that has been done. It needs no library itself.

Two at once are safe: the second waits for the first. A run that was cut short is taken up again by the next.
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements-local.txt"
VENV = ROOT / ".local" / "venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"  # the digest of the requirements that are installed


def main() -> None:
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if is_done(digest):
        return
    VENV.parent.mkdir(exist_ok=True)
    with (VENV.parent / "venv.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_done(digest):
            install()
            STAMP.write_text(digest)


def is_done(digest: str) -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == digest


def install() -> None:
    print("Installing the libraries into .local/venv; the first time this takes a minute or two.", file=sys.stderr)
    if not has_pip():
        make_venv()
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", REQUIREMENTS], check=False).returncode:
        sys.exit("The libraries could not be installed (see above). Once the cause is mended, run this command again.")


def has_pip() -> bool:
    try:
        return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        import ensurepip  # noqa: F401, PLC0415  (Debian and Ubuntu leave both out of python3)
        import venv  # noqa: PLC0415
    except ImportError:
        sys.exit(f"Python's venv module is missing: install it (Debian, Ubuntu: apt install python{version}-venv).")
    venv.create(VENV, clear=True, with_pip=True)


if __name__ == "__main__":
    main()
