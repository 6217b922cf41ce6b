#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Get the data sets that our figures are from, from their public homes, and check them.

    fetch_data.py FOLDER [NAME...] [--from OTHER]
    fetch_data.py --list

NAME is a data set, or one file of it; without a name all are fetched. What is in FOLDER already and right is left alone; a file
gets its name only after its hash was checked, and takes the place of a wrong one. With --from nothing is downloaded: the files,
or the downloads that they are made of, are copied from a folder. Reading the MATLAB files of ODDS takes SciPy. The exit status
is 1 if a file is missing at the end.
"""

import argparse
import dataclasses
import functools
import gzip
import hashlib
import http.client
import importlib.util
import os
import pathlib
import shutil
import signal
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib

BLOCK = 1 << 16
TIMEOUT = 60  # seconds without a byte
AGENT = "libaepred-fetch-data (research data; Python urllib)"  # some hosts turn the name that urllib gives away


class Failure(Exception):
    """Why a file cannot be had from one place."""


@dataclasses.dataclass(frozen=True)
class File:
    """What lies in the folder in the end."""

    name: str
    size: int
    sha256: str
    unzipped: bool = False  # size and hash are those of the content: the same bytes are compressed in many ways


@dataclasses.dataclass(frozen=True)
class Source:
    """One download, and the files that it becomes."""

    data_set: str
    download: str  # under this name it is looked for with --from
    home: str  # a page for people
    addresses: tuple
    files: tuple
    make: object = None  # function (path of the download, source, folder) that writes the files; None where it is the file
    md5: str = None  # of the download, where its home publishes it

    @property
    def names(self):
        return self.files[0].name + (f" and {len(self.files) - 1} more" if len(self.files) > 1 else "")


# ------------------------------------------------------------------------------------------- from downloads to files
def need_scipy(source):
    if not importlib.util.find_spec("scipy"):
        raise Failure(f"making {source.names} of {source.download} takes SciPy, which is missing (Debian: python3-scipy)")


def number(value, whole):
    text = f"{value:.12g}"
    return text + whole if text.lstrip("-").isdigit() else text


def mat_to_csv(path, source, folder, whole=""):
    """The matrices X and y of an ODDS file as columns f1, f2, ..., label. In our copy of Thyroid whole numbers of X end in .0."""
    need_scipy(source)
    import scipy.io

    try:
        content = scipy.io.loadmat(path)
        rows, labels = content["X"].tolist(), content["y"].ravel().tolist()
        lines = [",".join([*(number(value, whole) for value in row), number(label, "")])
                 for row, label in zip(rows, labels, strict=True)]
        header = ",".join([*(f"f{i + 1}" for i in range(len(rows[0]))), "label"])
    except Exception as error:  # SciPy lets whatever a damaged file provokes through
        raise Failure(f"{source.download} is not a MATLAB file with matrices X and y ({error!r})") from error
    with (folder / source.files[0].name).open("w", encoding="ascii", newline="\n") as target:
        target.writelines(f"{line}\n" for line in [header, *lines])


def arrhythmia_header():
    """Names of the columns: fifteen of the person and the heart, waves of a channel, and letters for the same of the others."""
    named = ("age,sex,height,weight,qrs_duration,p-r_interval,q-t_interval,t_interval,p_interval,qrs,T,P,QRST,J,heart_rate,"
             "q_wave,r_wave,s_wave,R'_wave,S'_wave").split(",")
    letters = [first + second for first in "ABCDEFGHIJKL" for second in "ABCDEFGHIJKLMNOPRSTUVYZ" if first + second <= "LG"]
    letters.remove("EE")
    slips = {"BA": "AB'", "CF": "Cf"}  # as the names are handed on
    return ",".join([*named, *(slips.get(pair, pair) for pair in letters), "diagnosis"])


def add_header(path, source, folder):
    """A line with the names of the columns, and the table, which may lie in a zip archive under the name of the download."""
    with (folder / source.files[0].name).open("wb") as target:
        target.write(arrhythmia_header().encode() + b"\n")
        if not zipfile.is_zipfile(path):
            target.write(path.read_bytes())
            return
        try:
            with zipfile.ZipFile(path) as archive:
                target.write(archive.read(source.download))
        except (KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise Failure(f"the zip archive does not hold {source.download} ({error})") from error


def unpack(path, source, folder):
    """Members of a tar archive. Only those that are asked for, under our names: an archive cannot write anywhere else."""
    wanted = {file.name for file in source.files}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name in wanted and member.isfile():
                    write_member(archive.extractfile(member), folder / member.name)
                    wanted.remove(member.name)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Failure(f"{source.download} is not a whole tar archive ({error})") from error
    if wanted:
        raise Failure(f"{source.download} does not hold {', '.join(sorted(wanted))}")


def write_member(member, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(member, target)


# ------------------------------------------------------------------------------------------------------- the sources
def odds(name, page, addresses, size, sha256, make=mat_to_csv):
    return Source(name, f"{name}.mat", f"https://shebuti.com/{page}/ or http://odds.cs.stonybrook.edu/{page}/", addresses,
                  (File(f"{name}.csv", size, sha256),), make)


def mnist(name, size, sha256):
    addresses = tuple(f"https://{mirror}/mnist/{name}" for mirror in
                      ("ossci-datasets.s3.amazonaws.com", "storage.googleapis.com/cvdf-datasets"))
    return Source("mnist", name, "https://github.com/cvdfoundation/mnist", addresses, (File(name, size, sha256, unzipped=True),))


PYOD = "https://raw.githubusercontent.com/yzhao062/pyod"
UCI = "https://archive.ics.uci.edu"
SOURCES = (
    Source("kdd", "kddcup.data_10_percent.gz", "http://kdd.ics.uci.edu/databases/kddcup99/kddcup99.html",
           ("http://kdd.ics.uci.edu/databases/kddcup99/kddcup.data_10_percent.gz",
            f"{UCI}/ml/machine-learning-databases/kddcup99-mld/kddcup.data_10_percent.gz",
            "https://ndownloader.figshare.com/files/5976042"),  # the copy that scikit-learn uses
           (File("kddcup.data_10_percent.gz", 2144903, "8045aca0d84e70e622d1148d7df782496f6333bf6eb979a1b0837c42a9fd9561"),)),
    odds("thyroid", "thyroid-disease-dataset",
         ("https://www.dropbox.com/s/bih0e15a0fukftb/thyroid.mat?dl=1",  # where the pages of ODDS lead
          f"{PYOD}/ef6d5e8dc828615f498286c1d6a22cbd02fd4cd2/notebooks/data/thyroid.mat"),
         351545, "892c49c9fd7063d9b9bf99b52db41ddd6268ca35a500befe8d112c63ca8178d1", functools.partial(mat_to_csv, whole=".0")),
    odds("arrhythmia", "arrhythmia-dataset",
         ("https://www.dropbox.com/s/lmlwuspn1sey48r/arrhythmia.mat?dl=1",
          f"{PYOD}/1938f1c58ba7948359b098ab358b7ee920825282/data/arrhythmia.mat"),
         362037, "d01dc5e961776fbd6ac636081be3f3fc2c4e7a1c711902cf874f63f4d9a0e92b"),
    Source("arrhythmia-uci", "arrhythmia.data", f"{UCI}/dataset/5/arrhythmia (in the zip archive there)",
           (f"{UCI}/ml/machine-learning-databases/arrhythmia/arrhythmia.data", f"{UCI}/static/public/5/arrhythmia.zip"),
           (File("arrhythmia-uci.csv", 403289, "3e552e187e70a99b4c5a9e55025621fd6f162dec8b2e84f33429cdc1f8eab8e6"),), add_header),
    mnist("train-images-idx3-ubyte.gz", 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    mnist("train-labels-idx1-ubyte.gz", 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    mnist("t10k-images-idx3-ubyte.gz", 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    mnist("t10k-labels-idx1-ubyte.gz", 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    Source("cifar10", "cifar-10-binary.tar.gz", "https://www.cs.toronto.edu/~kriz/cifar.html",
           ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz",
            "https://storage.googleapis.com/mirror.tensorflow.org/www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
           tuple(File(f"cifar-10-batches-bin/{name}.bin", 30730000, sha256) for name, sha256 in (
               ("data_batch_1", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
               ("data_batch_2", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
               ("data_batch_3", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
               ("data_batch_4", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
               ("data_batch_5", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
               ("test_batch", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"))),
           unpack, md5="c32a1d4ab5d03f1284b67883e8d87530"),
)


# ---------------------------------------------------------------------------------------------------------- checking
def measure(path, kind="sha256", unzipped=False):
    """Size and hash of a file, or of what is compressed in it."""
    size, digest = 0, hashlib.new(kind, usedforsecurity=False)
    try:
        with (gzip.open if unzipped else open)(path, "rb") as file:
            while block := file.read(BLOCK):
                size += len(block)
                digest.update(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Failure(f"{path.name} is not a whole gzip file ({error})") from error
    return size, digest.hexdigest()


def check(path, file):
    size, sha256 = measure(path, unzipped=file.unzipped)
    if (size, sha256) != (file.size, file.sha256):
        name = file.name + (", unzipped," if file.unzipped else "")
        raise Failure(f"{name} has {size:,} bytes and the sha256 {sha256}, but should have {file.size:,} bytes and {file.sha256}")


def check_md5(path, source):
    found = measure(path, "md5")[1] if source.md5 else None
    if found != source.md5:
        raise Failure(f"{source.download} has the md5 {found}, but its home publishes {source.md5}")


def is_right(path, file):
    """Whether a file is there and what it should be. Says so if it is there and wrong."""
    if not path.is_file():
        return False
    try:
        check(path, file)
    except Failure as failure:
        print(f"{path} is to be replaced: {failure}", flush=True)
        return False
    return True


# ---------------------------------------------------------------------------------------------------------- getting
class Meter:
    """How far a download is: in place on a terminal, otherwise a line every ten seconds."""

    def __init__(self, total):
        self.total, self.begun, self.shown = total, time.monotonic(), time.monotonic()
        self.terminal = sys.stdout.isatty()

    def show(self, done, last=False):
        now = time.monotonic()
        if not last and now - self.shown < (0.2 if self.terminal else 10):
            return
        self.shown = now
        share = "" if self.total is None or (last and done == self.total) else f" of {self.total:,}"
        took = f" in {now - self.begun:.1f} s" if last else ""
        text = f"    {done:,}{share} bytes{took}"
        if self.terminal:  # as wide as what it writes over
            print(f"{text:<60}", end="\n" if last else "\r", flush=True)
        else:
            print(text, flush=True)


def open_address(address):
    request = urllib.request.Request(address, headers={"User-Agent": AGENT})
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        raise Failure(f"the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise Failure(f"no answer ({error.reason})") from error
    except (http.client.HTTPException, OSError) as error:
        raise Failure(f"no answer ({error or type(error).__name__})") from error


def blocks(response):
    try:
        while block := response.read(BLOCK):
            yield block
    except (http.client.HTTPException, OSError) as error:
        raise Failure(f"the transfer broke off ({error or type(error).__name__})") from error


def download(address, path):
    with open_address(address) as response, path.open("wb") as target:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        meter, done = Meter(total), 0
        try:
            for block in blocks(response):
                target.write(block)
                done += len(block)
                meter.show(done)
        finally:
            meter.show(done, last=True)
        page = response.headers.get_content_type() == "text/html"
    if total is not None and done != total:
        raise Failure(f"the transfer ended after {done:,} of {total:,} bytes")
    if page:
        raise Failure("the server sends a web page instead of the file")


def from_address(source, address, scratch):
    print(f"  from {address}", flush=True)
    download(address, scratch / source.download)
    check_md5(scratch / source.download, source)
    if source.make:
        source.make(scratch / source.download, source, scratch)


def from_files(source, other, scratch):
    print(f"  from {other}", flush=True)
    for file in source.files:
        (scratch / file.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(other / file.name, scratch / file.name)


def from_download(source, other, scratch):
    print(f"  from {other / source.download}", flush=True)
    check_md5(other / source.download, source)
    source.make(other / source.download, source, scratch)


def ways(source, other):
    """Functions that put the files of a source into a scratch folder, in the order in which they are tried."""
    if not other:
        if source.download.endswith(".mat"):
            need_scipy(source)  # before the download, which would be of no use
        return [lambda scratch, address=address: from_address(source, address, scratch) for address in source.addresses]
    found = []
    if all((other / file.name).is_file() for file in source.files):
        found.append(lambda scratch: from_files(source, other, scratch))
    if source.make and (other / source.download).is_file():
        found.append(lambda scratch: from_download(source, other, scratch))
    if not found:
        names = f"{source.names}, or {source.download} to make it of" if source.make else source.names
        raise Failure(f"{other} does not hold {names}")
    return found


def try_way(way, source, folder):
    """Files get their names when all of them are right. Whatever happens, the scratch folder goes."""
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as name:
        scratch = pathlib.Path(name)
        way(scratch)
        for file in source.files:
            check(scratch / file.name, file)
        for file in source.files:
            (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(scratch / file.name, folder / file.name)


def fetch(source, folder, other):
    """Whether the files of a source are in the folder now."""
    if all([is_right(folder / file.name, file) for file in source.files]):
        print(f"{source.names}: there already, and right", flush=True)
        return True
    print(f"{source.names}:", flush=True)
    try:
        for way in ways(source, other):
            try:
                try_way(way, source, folder)
                print("    checked, and right", flush=True)
                return True
            except Failure as failure:
                print(f"    failed: {failure}", flush=True)
    except Failure as failure:
        print(f"    failed: {failure}", flush=True)
    return False


# ------------------------------------------------------------------------------------------------------ command line
def print_list(sources):
    for source in sources:
        print(f"{source.data_set}: {source.download} ({source.home})")
        for file in source.files:
            print(f"  {'is' if file.name == source.download else 'becomes'} {file.name}, {file.size:,} bytes"
                  f"{' unzipped' if file.unzipped else ''}, sha256 {file.sha256}")
        if source.md5:
            print(f"  md5 {source.md5}, published by its home")
        for address in source.addresses:
            print(f"  {address}")


def choose(sources, names, parser):
    known = {}
    for source in sources:
        for name in {source.data_set, source.download, *(file.name for file in source.files)}:
            known.setdefault(name, []).append(source)
    for name in names:
        if name not in known:
            sets = ", ".join(dict.fromkeys(source.data_set for source in sources))
            parser.error(f"no data set or file is called {name}; there are {sets} (--list has the files)")
    wanted = [source for name in names for source in known[name]] if names else sources
    return [source for source in sources if source in wanted]


def report_missing(missing, folder):
    print(f"\n{len(missing)} could not be had:", file=sys.stderr)
    for source in missing:
        print(f"  {source.names}: by hand, get {source.download} from {source.home}", file=sys.stderr)
    names = " ".join(dict.fromkeys(source.data_set for source in missing))
    print(f"then, with the folder of these downloads: fetch_data.py {folder} {names} --from DOWNLOADS", file=sys.stderr)


def main(arguments=None, sources=SOURCES):
    parser = argparse.ArgumentParser(prog="fetch_data.py", description="Get public data sets, and check them.")
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=pathlib.Path)
    parser.add_argument("names", metavar="NAME", nargs="*", help="a data set, or a file of it; all if none is given")
    parser.add_argument("--from", dest="other", metavar="OTHER", type=pathlib.Path, help="copy from this folder, not the network")
    parser.add_argument("--list", action="store_true", help="print names, sizes, addresses and hashes")
    given = parser.parse_args(arguments)
    if given.list:
        print_list(sources)
        return 0
    if not given.folder:
        parser.error("FOLDER is missing: where should the files go?")
    if given.other and not given.other.is_dir():
        parser.error(f"--from: there is no folder {given.other}")
    wanted = choose(sources, given.names, parser)
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
        missing = [source for source in wanted if not fetch(source, given.folder, given.other)]
    except OSError as error:
        print(f"fetch_data.py: {error}; does {given.folder} take files, and is there room for them?", file=sys.stderr)
        return 1
    if missing:
        report_missing(missing, given.folder)
    return 1 if missing else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the scratch folder goes
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nfetch_data.py: interrupted; what is finished stays, and the same command goes on")
