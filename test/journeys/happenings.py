"""Plays happenings on a mesh one after the other, with a line for each, and says which did not come out as it should."""

import sys
import time

from the_path import Unexpected, expect


def play(mesh, happenings):
    """@raises Unexpected with the name of the happening, whatever it raised itself"""
    for happening in happenings:
        started = time.monotonic()
        try:
            happening(mesh)
            # What it did not expect was not told.
            mesh.expect_told()
            mesh.expect_faults_met()
        except Exception as error:
            raise Unexpected(f"{happening.__name__}: {type(error).__name__}: {error}") from error
        print(f"- {happening.__name__.replace('_', ' ')} ({time.monotonic() - started:.1f} s)", flush=True)
    dead = mesh.dead_letters()
    expect(dead == {}, f"no dead letter, not {dead}")
    print(f"- {len(happenings)} happenings, and no dead letter", flush=True)


def main(live):
    """@param live takes the endpoint and the names of happenings @returns the exit code"""
    if len(sys.argv) < 2:
        print(f"Usage: {sys.argv[0]} <endpoint> [happening ...]", file=sys.stderr)
        return 2
    try:
        live(sys.argv[1].rstrip("/"), sys.argv[2:])
    except Exception as error:  # Whatever it is, it is the answer.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0
