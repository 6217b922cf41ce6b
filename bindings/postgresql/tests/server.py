# SPDX-License-Identifier: BSD-2-Clause
"""A PostgreSQL server of the tests' own: in a temporary folder, as an unprivileged user, with the extension in its folders, and
reached by a socket in that folder alone. Nothing is installed for it.

A server finds its folders from where its program lies. So the program is copied into a tree like the system's, whose other
files are links to the system's.

Environment: PG_BINDIR, PG_PKGLIBDIR, PG_SHAREDIR (of the system), PG_EXTENSION (the shared object), PG_FILES (control file and
script, separated by colons), AEPRED_PROGRAM (if it was built).
"""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

USER = 'nobody'  # where the tests run as root, which the server refuses to be
BINDIR, PKGLIBDIR, SHAREDIR = (pathlib.Path(os.environ[name]) for name in ('PG_BINDIR', 'PG_PKGLIBDIR', 'PG_SHAREDIR'))
PROGRAMS = ('postgres', 'initdb', 'pg_ctl')


def may_run():
    """Whether the unprivileged user can run programs: in some containers nobody but root can."""
    if os.geteuid() != 0:
        return True
    account = pwd.getpwnam(USER)
    try:
        subprocess.run([BINDIR / 'postgres', '--version'], cwd='/', user=account.pw_uid, group=account.pw_gid, extra_groups=[],
                       stdout=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def missing():
    """What is not there, or None."""
    absent = [str(BINDIR / name) for name in PROGRAMS if not (BINDIR / name).exists()]
    if not shutil.which('psql'):
        absent.append('psql')
    if not absent and not may_run():
        absent.append(f'permission for the user {USER}, as whom root runs the server, to run programs')
    return ', '.join(absent) or None


def link_tree(to, source):
    """A folder of links to what is in another."""
    to.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        (to / path.name).symlink_to(path)


class Server:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='aepred-pg-'))
        self.data, self.log = self.folder / 'data', self.folder / 'log'
        self.bin = self.inside(BINDIR)
        self.environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC'}
        self.as_user = {}
        try:
            self.make_tree()
            self.run('initdb', '-D', self.data, '-A', 'trust', '-U', 'test', '-E', 'UTF8', '--no-sync')
            self.start()
        except BaseException:
            self.stop()
            raise

    def inside(self, path):
        return self.folder / path.relative_to('/')

    def make_tree(self):
        os.chmod(self.folder, 0o755)
        self.bin.mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy(BINDIR / name, self.bin / name)
        link_tree(self.inside(PKGLIBDIR), PKGLIBDIR)
        link_tree(self.inside(SHAREDIR), SHAREDIR)
        extensions = self.inside(SHAREDIR) / 'extension'
        extensions.unlink()
        link_tree(extensions, SHAREDIR / 'extension')
        self.put(os.environ['PG_EXTENSION'], self.inside(PKGLIBDIR))
        for path in os.environ['PG_FILES'].split(':'):
            self.put(path, extensions)
        if os.geteuid() == 0:
            account = pwd.getpwnam(USER)
            self.as_user = {'user': account.pw_uid, 'group': account.pw_gid, 'extra_groups': []}
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    @staticmethod
    def put(path, folder):
        target = folder / pathlib.Path(path).name
        target.unlink(missing_ok=True)  # of an installed extension
        shutil.copy(path, target)
        os.chmod(target, 0o644)

    def run(self, program, *arguments):
        with tempfile.TemporaryFile() as output:  # not a pipe, which the server would keep open
            done = subprocess.run([self.bin / program, *arguments], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=subprocess.STDOUT, timeout=120, check=False, **self.as_user)
            output.seek(0)
            assert done.returncode == 0, f'{program}: {output.read().decode()}\n{self.messages()}'

    def start(self):
        options = f"-c listen_addresses='' -k {self.folder} -c fsync=off -c max_connections=20 -c shared_buffers=16MB " \
                  '-c log_statement=none -c autovacuum=off'
        self.run('pg_ctl', '-D', self.data, '-l', self.log, '-w', '-o', options, 'start')

    def messages(self):
        return self.log.read_text(encoding='utf-8', errors='replace') if self.log.exists() else ''

    def stop(self):
        if (self.data / 'postmaster.pid').exists():
            self.run('pg_ctl', '-D', self.data, '-m', 'immediate', '-w', 'stop')
        shutil.rmtree(self.folder)

    def psql(self, script, user='test', folder=None, path=None):
        """Status, lines printed, and errors of a session that goes on after errors. It runs as the server does, who may then be
        limited by it; or in a folder, as the tests do, with another path to programs."""
        command = ['psql', '-X', '-q', '-h', self.folder, '-U', user, 'postgres', *([] if folder else ['-A', '-t'])]
        environment = {**self.environment, 'PATH': path or self.environment['PATH']}
        done = subprocess.run(command, input=script, env=environment, capture_output=True, text=True, timeout=300, check=False,
                              cwd=folder or self.folder, **({} if folder else self.as_user))
        return done.returncode, done.stdout.splitlines(), done.stderr
