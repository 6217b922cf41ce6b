#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench/fetch_data.py against a server of its own, which has small files and bad manners; no other network is used.

Where the real files lie, in the folder that AEPRED_DATA names or in ../shared/data beside the checkout, the real table is held
to them.

Usage: check_fetch_data.py FETCH_DATA
"""

import contextlib
import functools
import gzip
import hashlib
import http.server
import importlib.util
import io
import os
import re
import socket
import sys
import tarfile
import tempfile
import threading
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("AEPRED_DATA") or ROOT / ".." / "shared" / "data")
CONTENT = b"1,2,3\n" * 20_000


def import_script(path: str):
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("fetch_data", path)
    module = sys.modules["fetch_data"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Handler(http.server.BaseHTTPRequestHandler):
    """/right answers 404 where the server has no such file; /short/right breaks off, /page/right calls it HTML."""

    files: dict[str, bytes] = {}
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        *manners, name = self.path.lstrip("/").split("/")
        if name not in self.files:
            self.send_error(404)
            return
        content = self.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "text/html" if "page" in manners else "application/octet-stream")
        self.end_headers()
        self.wfile.write(content[:len(content) // 2] if "short" in manners else content)

    def log_message(self, *_) -> None:
        pass


class Case:
    """A folder to fetch into, and what the script did there."""

    def __init__(self, script, server: str, *sources, scratch: str):
        self.script, self.server, self.sources = script, server, sources
        self.folder = Path(tempfile.mkdtemp(dir=scratch)) / "data"

    def run(self, *arguments: str) -> tuple[int, str, list[str]]:
        """Exit status, everything printed, and the paths that the server was asked for."""
        Handler.asked.clear()
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                status = self.script.main([str(self.folder), *arguments], self.sources)
            except SystemExit as error:
                status = error.code
        return status, printed.getvalue(), list(Handler.asked)

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


class Checks:
    """Methods whose names say what holds."""

    def __init__(self, script, server: str, scratch: str):
        self.script, self.server, self.scratch = script, server, scratch

    def file(self, name: str, content: bytes, unzipped: bool = False):
        return self.script.File(name, len(content), hashlib.sha256(content).hexdigest(), unzipped)

    def source(self, download: str, *addresses: str, files=None, make=None, md5=None, data_set="small"):
        urls = tuple(address if "://" in address else f"{self.server}/{address}" for address in addresses)
        files = files or (self.file(download, CONTENT),)
        return self.script.Source(data_set, download, "http://home.example", urls, files, make, md5)

    def case(self, *sources) -> Case:
        return Case(self.script, self.server, *sources, scratch=self.scratch)

    def serve(self, **files: bytes) -> None:
        Handler.files = {name.replace("_", "."): content for name, content in files.items()}

    def a_right_file_is_fetched_and_the_second_time_left_alone(self):
        self.serve(right_csv=CONTENT)
        case = self.case(self.source("right.csv", "right.csv"))
        status, printed, asked = case.run()
        assert status == 0 and asked == ["/right.csv"] and case.left() == ["right.csv"], printed
        assert "120,000 bytes" in printed and f"{self.server}/right.csv" in printed, printed
        assert (case.folder / "right.csv").read_bytes() == CONTENT
        status, printed, asked = case.run()
        assert status == 0 and not asked and "right.csv: there already, and right" in printed, printed

    def a_wrong_hash_is_refused_and_nothing_is_left(self):
        self.serve(right_csv=CONTENT[:-2] + b"4\n")
        case = self.case(self.source("right.csv", "right.csv"))
        status, printed, _ = case.run()
        assert status == 1 and not list(case.folder.iterdir()), printed
        assert hashlib.sha256(CONTENT).hexdigest() in printed, printed
        assert "by hand, get right.csv from http://home.example" in printed, printed

    def a_wrong_file_that_is_there_is_replaced_by_a_right_one_only(self):
        self.serve(right_csv=b"wrong too")
        case = self.case(self.source("right.csv", "right.csv"))
        case.folder.mkdir()
        (case.folder / "right.csv").write_bytes(b"wrong")
        status, printed, _ = case.run()
        assert status == 1 and (case.folder / "right.csv").read_bytes() == b"wrong" and "is to be replaced" in printed, printed
        self.serve(right_csv=CONTENT)
        status, printed, _ = case.run()
        assert status == 0 and (case.folder / "right.csv").read_bytes() == CONTENT and case.left() == ["right.csv"], printed

    def the_second_address_is_tried_when_the_first_has_no_file(self):
        self.serve(right_csv=CONTENT)
        case = self.case(self.source("right.csv", "gone.csv", "right.csv"))
        status, printed, asked = case.run()
        assert status == 0 and asked == ["/gone.csv", "/right.csv"] and "the server answers 404" in printed, printed

    def a_truncated_transfer_and_a_web_page_are_refused(self):
        self.serve(right_csv=CONTENT)
        case = self.case(self.source("right.csv", "short/right.csv", "page/right.csv"))
        status, printed, asked = case.run()
        assert status == 1 and len(asked) == 2 and not list(case.folder.iterdir()), printed
        assert "60,000 of 120,000 bytes" in printed and "a web page instead" in printed, printed

    def without_a_network_the_message_says_what_to_do(self):
        with socket.socket() as unused:  # bound, but nobody listens
            unused.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unused.getsockname()[1]}/right.csv"
            case = self.case(self.source("right.csv", address, "http://nowhere.invalid/right.csv"))
            status, printed, _ = case.run()
        assert status == 1 and printed.count("no answer") == 2 and not list(case.folder.iterdir()), printed
        assert f"fetch_data.py {case.folder} small --from DOWNLOADS" in printed, printed

    def what_can_be_had_is_had_although_something_else_cannot(self):
        self.serve(right_csv=CONTENT)
        case = self.case(self.source("gone.csv", "gone.csv"), self.source("right.csv", "right.csv"))
        status, printed, _ = case.run()
        assert status == 1 and case.left() == ["right.csv"] and "1 could not be had" in printed, printed

    def names_choose_data_sets_and_files(self):
        self.serve(a_csv=CONTENT, b_csv=CONTENT, c_csv=CONTENT)
        case = self.case(*(self.source(f"{name}.csv", f"{name}.csv", data_set="ab" if name < "c" else "c") for name in "abc"))
        status, printed, _ = case.run("b.csv", "c")
        assert status == 0 and case.left() == ["b.csv", "c.csv"], printed
        status, printed, _ = case.run("ab")
        assert status == 0 and case.left() == ["a.csv", "b.csv", "c.csv"], printed
        status, printed, _ = case.run("d")
        assert status == 2 and "no data set or file is called d; there are ab, c" in printed, printed

    def from_another_folder_files_are_checked_and_the_network_is_not_asked(self):
        self.serve(right_csv=CONTENT)
        other = Path(tempfile.mkdtemp(dir=self.scratch))
        case = self.case(self.source("right.csv", "right.csv"))
        status, printed, asked = case.run("--from", str(other))
        assert status == 1 and not asked and f"{other} does not hold right.csv" in printed, printed
        (other / "right.csv").write_bytes(b"wrong")
        status, printed, _ = case.run("--from", str(other))
        assert status == 1 and not list(case.folder.iterdir()), printed
        (other / "right.csv").write_bytes(CONTENT)
        status, printed, asked = case.run("--from", str(other))
        assert status == 0 and not asked and (case.folder / "right.csv").read_bytes() == CONTENT, printed
        status, printed, _ = case.run("--from", str(other / "nowhere"))
        assert status == 2 and "there is no folder" in printed, printed

    def a_folder_that_is_a_file_is_an_error_in_words(self):
        case = self.case(self.source("right.csv", "right.csv"))
        case.folder.write_bytes(b"")
        status, printed, _ = case.run()
        assert status == 1 and str(case.folder) in printed and "Traceback" not in printed, printed

    def the_hash_of_a_gzip_file_is_that_of_its_content(self):
        unzipped = (self.file("right.gz", CONTENT, unzipped=True),)
        for level in 1, 9:
            self.serve(right_gz=gzip.compress(CONTENT, level))
            case = self.case(self.source("right.gz", "right.gz", files=unzipped))
            status, printed, _ = case.run()
            assert status == 0 and case.left() == ["right.gz"], printed
        for bad in CONTENT, gzip.compress(CONTENT)[:-9], gzip.compress(CONTENT[1:]):
            self.serve(right_gz=bad)
            case = self.case(self.source("right.gz", "right.gz", files=unzipped))
            status, printed, _ = case.run()
            assert status == 1 and not list(case.folder.iterdir()) and "failed: right.gz" in printed, printed

    def a_header_is_put_in_front_of_a_table_and_of_one_in_a_zip_archive(self):
        header = self.script.arrhythmia_header()
        assert header.startswith("age,sex,height") and header.endswith(",LG,diagnosis") and header.count(",") == 279, header
        expected = header.encode() + b"\n" + CONTENT
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("right.names", "names")
            file.writestr("right.data", CONTENT)
        self.serve(right_data=CONTENT, right_zip=archive.getvalue())
        for address in "right.data", "right.zip":
            source = self.source("right.data", address, files=(self.file("right.csv", expected),), make=self.script.add_header)
            case = self.case(source)
            status, printed, _ = case.run()
            assert status == 0 and case.left() == ["right.csv"] and (case.folder / "right.csv").read_bytes() == expected, printed

    def members_of_a_tar_archive_are_unpacked_and_no_others(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as file:
            for name in "bin/one.bin", "bin/readme.html", "../outside.bin", "bin/two.bin":
                member = tarfile.TarInfo(name)
                member.size = len(CONTENT)
                file.addfile(member, io.BytesIO(CONTENT))
        packed = archive.getvalue()
        self.serve(right_tgz=packed)
        files = tuple(self.file(name, CONTENT) for name in ("bin/one.bin", "bin/two.bin"))
        md5 = hashlib.md5(packed, usedforsecurity=False).hexdigest()
        case = self.case(self.source("right.tgz", "right.tgz", files=files, make=self.script.unpack, md5=md5))
        status, printed, _ = case.run()
        assert status == 0 and case.left() == ["bin/one.bin", "bin/two.bin"], printed
        assert not (case.folder.parent / "outside.bin").exists()
        (case.folder / "bin/one.bin").unlink()
        (case.folder.parent / "right.tgz").write_bytes(packed)
        status, printed, asked = case.run("--from", str(case.folder.parent))
        assert status == 0 and not asked and case.left() == ["bin/one.bin", "bin/two.bin"], printed
        for bad, complaint in (md5, "should have"), ("0" * 32, f"has the md5 {md5}"):
            files = self.file("bin/one.bin", CONTENT), self.file("bin/two.bin", CONTENT[1:])
            case = self.case(self.source("right.tgz", "right.tgz", files=files, make=self.script.unpack, md5=bad))
            status, printed, _ = case.run()
            assert status == 1 and complaint in printed and not list(case.folder.iterdir()), printed
        self.serve(right_tgz=packed[:len(packed) // 2])
        case = self.case(self.source("right.tgz", "right.tgz", files=files, make=self.script.unpack))
        status, printed, _ = case.run()
        assert status == 1 and "not a whole tar archive" in printed and not list(case.folder.iterdir()), printed

    def a_matlab_file_becomes_csv(self):
        if not importlib.util.find_spec("scipy"):
            return "skipped: SciPy is missing"
        import numpy
        import scipy.io

        whole = functools.partial(self.script.mat_to_csv, whole=".0")
        matlab = io.BytesIO()
        scipy.io.savemat(matlab, {"X": numpy.array([[0.5, 1 / 3], [1e-9, -3]]), "y": numpy.array([[0], [1]])})
        self.serve(right_mat=matlab.getvalue(), wrong_mat=matlab.getvalue()[:150])
        for make, expected in ((self.script.mat_to_csv, b"f1,f2,label\n0.5,0.333333333333,0\n1e-09,-3,1\n"),
                               (whole, b"f1,f2,label\n0.5,0.333333333333,0\n1e-09,-3.0,1\n")):
            files = (self.file("right.csv", expected),)
            case = self.case(self.source("right.mat", "wrong.mat", "right.mat", files=files, make=make))
            status, printed, asked = case.run()
            assert status == 0 and len(asked) == 2 and case.left() == ["right.csv"] and "not a MATLAB file" in printed, printed
        return None

    def without_scipy_a_matlab_file_is_not_fetched_but_a_finished_one_taken(self):
        self.serve(right_mat=CONTENT)
        files = (self.file("right.csv", CONTENT),)
        case = self.case(self.source("right.mat", "right.mat", files=files, make=self.script.mat_to_csv))
        hidden = sys.modules.get("scipy")
        sys.modules["scipy"] = None
        try:
            status, printed, asked = case.run()
            assert status == 1 and not asked and "takes SciPy, which is missing" in printed, printed
            (case.folder.parent / "right.csv").write_bytes(CONTENT)
            status, printed, _ = case.run("--from", str(case.folder.parent))
            assert status == 0 and case.left() == ["right.csv"], printed
        finally:
            del sys.modules["scipy"]
            if hidden:
                sys.modules["scipy"] = hidden

    def the_list_has_names_sizes_addresses_and_hashes(self):
        case = self.case(*self.script.SOURCES)
        status, printed, asked = case.run("--list")
        assert status == 0 and not asked and not case.folder.exists(), printed
        for source in self.script.SOURCES:
            assert source.data_set in printed and all(address in printed for address in source.addresses), printed
            assert all(f"{file.size:,} bytes" in printed and file.sha256 in printed for file in source.files), printed
            assert len(source.addresses) > 1 and all(re.match("https?://", address) for address in source.addresses), source
        names = [file.name for source in self.script.SOURCES for file in source.files]
        assert len(set(names)) == len(names) == 14, names
        assert "c32a1d4ab5d03f1284b67883e8d87530" in printed, printed

    def the_documents_print_the_same_hashes(self):
        files = {file.name: file.sha256 for source in self.script.SOURCES for file in source.files}
        pages = "".join((ROOT / "docs" / page).read_text("utf-8") for page in ("tutorial.md", "images.md"))
        rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", pages, re.MULTILINE)
        assert len(rows) == 8 and all(files[name] == sha256 for name, sha256 in rows), rows

    def the_table_fits_the_files_that_lie_here(self):
        here = [source for source in self.script.SOURCES if all((DATA / file.name).is_file() for file in source.files)]
        if not here:
            return f"skipped: none of the files is in {DATA}; AEPRED_DATA names the folder"
        case = self.case(*here)
        status, printed, _ = case.run("--from", str(DATA))
        assert status == 0 and case.left() == sorted(file.name for source in here for file in source.files), printed
        return f"{len(case.left())} files"

    def the_raw_files_become_those_that_lie_here(self):
        """Not the downloads themselves, but what they must hold: a table without its header, and matrices."""
        sources = [source for source in self.script.SOURCES if source.data_set in ("thyroid", "arrhythmia", "arrhythmia-uci")]
        if not all((DATA / file.name).is_file() for source in sources for file in source.files):
            return f"skipped: the CSV files are not in {DATA}; AEPRED_DATA names the folder"
        if not importlib.util.find_spec("scipy"):
            return "skipped: SciPy is missing"
        import numpy
        import scipy.io

        downloads = Path(tempfile.mkdtemp(dir=self.scratch))
        for name in "thyroid", "arrhythmia":
            rows = numpy.loadtxt(DATA / f"{name}.csv", delimiter=",", skiprows=1)
            scipy.io.savemat(downloads / f"{name}.mat", {"X": rows[:, :-1], "y": rows[:, -1:]})
        (downloads / "arrhythmia.data").write_bytes((DATA / "arrhythmia-uci.csv").read_bytes().split(b"\n", 1)[1])
        case = self.case(*sources)
        status, printed, _ = case.run("--from", str(downloads))
        assert status == 0 and len(case.left()) == 3, printed
        return None


def main() -> int:
    os.environ["no_proxy"] = "*"
    script = import_script(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as scratch:
        checks = Checks(script, f"http://127.0.0.1:{server.server_port}", scratch)
        helpers = {"file", "source", "case", "serve"}
        for name in [name for name in vars(Checks) if not name.startswith("_") and name not in helpers]:
            said = getattr(checks, name)()
            print(name + (f" ({said})" if said else ""), flush=True)
    server.shutdown()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
