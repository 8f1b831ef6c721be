"""Does `sitewarden password` take a password from a pipe, and refuse none?"""

from __future__ import annotations

from argon2 import PasswordHasher
from click.testing import CliRunner

from monitor.cli.password import password


def test_a_pipe_gives_it_in_its_first_line() -> None:
    done = CliRunner().invoke(password, input="correct horse \nbattery\n")
    assert done.exit_code == 0
    assert PasswordHasher().verify(done.stdout.strip(), "correct horse ")
    assert "horse" not in done.output


def test_nothing_is_no_password() -> None:
    done = CliRunner().invoke(password, input="")
    assert done.exit_code == 2
    assert not done.stdout
