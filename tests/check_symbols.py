#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The header, the symbol map and the exported symbols name the same functions; nothing forbidden is called.

Usage: check_symbols.py HEADER SYMBOL_MAP SHARED_LIBRARY SONAME
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

SKIP = 77

# A library inside a host process neither prints nor ends it, reads no environment, and has no state of its own there.
FORBIDDEN = set("""
    abort _exit exit quick_exit _Exit __assert_fail atexit
    printf fprintf dprintf vprintf vfprintf vdprintf puts fputs fputc putc putchar fwrite perror stdout stderr syslog vsyslog
    __printf_chk __fprintf_chk __vprintf_chk __vfprintf_chk __dprintf_chk fopen fopen64 freopen tmpfile scanf
    getenv secure_getenv setenv putenv unsetenv setlocale newlocale uselocale localeconv
    umask chdir fchdir chroot setrlimit fesetround fesetenv feenableexcept
    signal sigaction sigset bsd_signal sigaltstack raise kill alarm setitimer longjmp siglongjmp __longjmp_chk
    rand srand random srandom drand48 time clock gettimeofday
    strtok gmtime localtime atof sprintf gets
    pthread_atfork pthread_cancel pthread_kill pthread_detach thrd_create fork vfork system popen
    execve execvp posix_spawn dlopen syscall
    openblas_set_num_threads goto_set_num_threads
    calloc realloc aligned_alloc posix_memalign memalign
""".split())


def header_functions(path: str) -> set[str]:
    text = re.sub(r"/\*.*?\*/", "", Path(path).read_text(encoding="utf-8"), flags=re.S)
    return set(re.findall(r"\bAEP_API\b[^;(]*?\b(aep_\w+)\s*\(", text))


def map_functions(path: str) -> set[str]:
    text = re.sub(r"/\*.*?\*/", "", Path(path).read_text(encoding="utf-8"), flags=re.S)
    text = "".join(re.findall(r"global:(.*?)(?:local:|\})", text, flags=re.S))
    return set(re.findall(r"^\s*([\w*?]+);", text, flags=re.M))


def dynamic_symbols(library: str, which: str) -> set[str]:
    listing = subprocess.run(["nm", "-D", which, library], check=True, stdout=subprocess.PIPE, text=True).stdout
    symbols = (line.split()[-2:] for line in listing.splitlines())
    return {name.split("@")[0] for kind, name in symbols if kind != "A"}  # A: the names of versions


def soname(library: str) -> str:
    dynamic = subprocess.run(["readelf", "-d", "-W", library], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"\(SONAME\).*\[(.*)\]", dynamic)
    return found[1] if found else ""


def compare(name: str, found: set[str], expected: set[str]) -> int:
    for symbol in sorted(found - expected):
        print(f"{name}: {symbol} is not in the header")
    for symbol in sorted(expected - found):
        print(f"{name}: {symbol} of the header is missing")
    return len(found ^ expected)


def main() -> int:
    header, symbol_map, library, expected_soname = sys.argv[1:]
    if not shutil.which("nm") or not shutil.which("readelf"):
        print("skipped: nm and readelf are not installed (in Debian the package binutils)")
        return SKIP
    expected = header_functions(header)
    if len(expected) < 60:
        sys.exit(f"only {len(expected)} functions were found in the header")
    wrong = compare("symbol map", map_functions(symbol_map), expected)
    wrong += compare("library", dynamic_symbols(library, "--defined-only"), expected)
    forbidden = dynamic_symbols(library, "--undefined-only") & FORBIDDEN
    for symbol in sorted(forbidden):
        print(f"library: calls {symbol}")
    wrong += len(forbidden)
    if soname(library) != expected_soname:
        print(f"library: its soname is {soname(library)}, not {expected_soname}")
        wrong += 1
    print(f"{len(expected)} functions, {wrong} differences")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
