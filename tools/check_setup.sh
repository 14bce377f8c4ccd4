#!/bin/sh
# Tell what is missing or too old for building amsdipole, and the cure. Use: sh tools/check_setup.sh [python3]
#
# Plain POSIX shell, because Python itself may be what is missing. The versions wanted are read from pyproject.toml
# and Cargo.toml, where they are law.
set -u
python=${1:-python3}
root=$(dirname "$0")/..
want_python=$(sed -n 's/^requires-python = ">=\(.*\)"$/\1/p' "$root/pyproject.toml")
want_cargo=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
faults=0

fault() { # what is wrong, then the cures, a line each
    printf 'amsdipole cannot be built: %s\n' "$1" >&2
    shift
    printf '    %s\n' "$@" >&2
    faults=$((faults + 1))
}

at_least() { # found 1.95.0, wanted 1.88
    awk -v found="$1" -v wanted="$2" 'BEGIN {
        split(found, f, "."); n = split(wanted, w, ".")
        for (i = 1; i <= n; i++) if (f[i] + 0 != w[i] + 0) exit !(f[i] + 0 > w[i] + 0)
    }'
}

# Words that Python without a way to make environments, and free-threaded Python, say of themselves.
PROBE='
import platform, sysconfig
words = [platform.python_version()]
try:
    import ensurepip, venv
except ImportError:
    words.append("no-venv")
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    words.append("free-threaded")
print(" ".join(words))
'

check_python() {
    found=$("$python" -c "$PROBE" 2>/dev/null)
    if [ -z "$found" ]; then
        fault "$python is missing or does not start." \
            "Install Python $want_python or newer: 'apt-get install python3 python3-venv' on Debian and Ubuntu," \
            "'dnf install python3' on Fedora, 'brew install python' on macOS." \
            "If it has another name: make PYTHON=/path/to/python3 ..."
        return
    fi
    if ! at_least "${found%% *}" "$want_python"; then
        fault "$python is Python ${found%% *}, which is too old; $want_python or newer is wanted." \
            "Install a newer one beside it, and name it: make PYTHON=python$want_python ..."
        return
    fi
    case $found in *no-venv*)
        fault "$python cannot make virtual environments: its modules venv and ensurepip are missing." \
            "On Debian and Ubuntu: apt-get install python3-venv" ;;
    esac
    case $found in *free-threaded*)
        fault "$python is a free-threaded build, which cannot load modules for the stable interface." \
            "Use the ordinary build: make PYTHON=python$want_python ..." ;;
    esac
}

check_cargo() {
    for tool in cargo rustc; do
        found=$("$tool" --version 2>/dev/null | sed -n 's/^[a-z]* \([0-9.]*\).*/\1/p')
        if [ -z "$found" ]; then
            fault "$tool is missing or does not start." \
                "Install Rust $want_cargo or newer from https://rustup.rs, then open a new shell or run" \
                "'. \"\$HOME/.cargo/env\"'. If rustup is there already: rustup default stable"
        elif ! at_least "$found" "$want_cargo"; then
            fault "$tool is version $found, which is too old; $want_cargo or newer is wanted." \
                "With rustup: rustup update stable. A distribution's Rust may be too old: https://rustup.rs"
        fi
    done
}

check_compiler() {
    folder=$(mktemp -d) || exit 1
    printf 'int main(void) { return 0; }\n' >"$folder/empty.c"
    if ! cc "$folder/empty.c" -o "$folder/empty" >"$folder/message" 2>&1; then
        fault "the C compiler 'cc', with which Rust links, is missing or cannot link an empty program:" \
            "$(sed '1!d; s/.*: cc:/cc:/' "$folder/message")" \
            "Install one: 'apt-get install build-essential' on Debian and Ubuntu, 'dnf install gcc' on Fedora," \
            "'xcode-select --install' on macOS."
    fi
    rm -rf "$folder"
}

check_python
check_cargo
check_compiler
[ "$faults" -eq 0 ]
