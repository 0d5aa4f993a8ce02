"""The end of access: by the clock, with the state machines and without, and by those who may revoke it."""

import contextlib

from following.mesh import ANALYTICS, CLIMATE
from the_path import AVIATION, HUB, expect

from .deciding import PUBLIC
from .mesh import MINUTE

MACHINES = [f"arn:aws:states:us-east-1:{HUB}:stateMachine:trellis-local-access-{name}" for name in ("request", "term")]
# A minute is left to the machines before the sweep does their work, and a minute is its own.
SWEEP_ALONE = 125


def announced_and_ended_by_the_clock(mesh):
    """Half-way through so short a grant its holder hears of the end; it is read until then, and not after."""
    mesh.offer("buses")
    mesh.ask("by-the-clock", "buses", PUBLIC, expiresAt=mesh.within(minutes=30))
    mesh.expect_told("Granted by-the-clock")
    mesh.advance(14 * MINUTE)
    mesh.expect_told()
    mesh.advance(2 * MINUTE)
    mesh.expect_told("Expiring by-the-clock")
    mesh.advance(13 * MINUTE)
    mesh.expect_told()
    mesh.expect_reads("buses", PUBLIC)
    mesh.advance(2 * MINUTE)
    mesh.expect_told("Revoked by-the-clock expired")
    mesh.expect_no_read("buses")
    mesh.expect_no_trace("buses")


@contextlib.contextmanager
def without_state_machines(mesh):
    """All that runs is stopped and the machines deleted; afterwards they are there again."""
    states = mesh.client("stepfunctions", HUB)
    machines = [states.describe_state_machine(stateMachineArn=arn) for arn in MACHINES]
    for arn in MACHINES:
        for page in states.get_paginator("list_executions").paginate(stateMachineArn=arn, statusFilter="RUNNING"):
            for one in page["executions"]:
                states.stop_execution(executionArn=one["executionArn"])
        states.delete_state_machine(stateMachineArn=arn)
    mesh.settle()
    yield
    members = ("name", "definition", "roleArn", "type", "loggingConfiguration", "tracingConfiguration")
    for one in machines:
        states.create_state_machine(**{key: one[key] for key in members if key in one})


def ended_without_the_state_machines(mesh):
    """A grant of before, one that is given meanwhile, and a question: the sweep alone does all of it, on time."""
    mesh.offer("trains", "taxis", "trams")
    mesh.ask("given-before", "trains", PUBLIC, expiresAt=mesh.within(minutes=20))
    mesh.expect_told("Granted given-before")
    with without_state_machines(mesh):
        mesh.ask("given-meanwhile", "taxis", PUBLIC, expiresAt=mesh.within(minutes=30))
        mesh.ask("asked-meanwhile", "trams", ["iata", "city"], expiresAt=mesh.within(minutes=15))
        mesh.expect_told("Needed asked-meanwhile")
        mesh.advance(SWEEP_ALONE)
        mesh.expect_told("Granted given-meanwhile")
        for name in ("trains", "taxis"):
            mesh.expect_reads(name, PUBLIC)
        mesh.advance(14 * MINUTE)
        mesh.expect_told(
            "Expiring given-before",
            "Needed asked-meanwhile reminder 1",
            "Denied asked-meanwhile: Nobody of aviation answered in time.",
        )
        mesh.expect_reads("trains", PUBLIC)
        mesh.advance(5 * MINUTE)
        mesh.expect_told("Revoked given-before expired", "Expiring given-meanwhile")
        mesh.expect_no_read("trains")
        mesh.expect_reads("taxis", PUBLIC)
        mesh.advance(10 * MINUTE)
        mesh.expect_told("Revoked given-meanwhile expired")
        mesh.expect_no_read("taxis")
    for name in ("trains", "taxis", "trams"):
        mesh.expect_no_trace(name)


def revoked_by_those_who_may(mesh):
    """The holder's account, the owner's and the hub, each at once; another account not, and once only."""
    mesh.offer("cranes")
    for who in (ANALYTICS, AVIATION, HUB):
        request_id = f"revoked-by-{who}"
        mesh.ask(request_id, "cranes", PUBLIC)
        mesh.expect_told(f"Granted {request_id}")
        mesh.revoke(who=CLIMATE, requestId=request_id)
        mesh.expect_told(f"Refused {request_id}: Account {CLIMATE} has no request {request_id} to revoke.")
        mesh.expect_reads("cranes", PUBLIC)
        mesh.revoke(who=who, requestId=request_id)
        mesh.expect_told(f"Revoked {request_id} requested")
        mesh.expect_no_read("cranes")
        mesh.expect_no_trace("cranes")
        # What has ended stays so, and there is no news in it.
        mesh.revoke(who=who, requestId=request_id)
        mesh.expect_told()


def a_question_is_withdrawn(mesh):
    mesh.offer("kites")
    mesh.ask("withdrawn", "kites", ["iata", "city"])
    mesh.expect_told("Needed withdrawn")
    mesh.revoke(requestId="withdrawn", reason="Found it elsewhere.")
    mesh.expect_told("Denied withdrawn: Withdrawn: Found it elsewhere.")
    mesh.answer("withdrawn")
    mesh.expect_told("Refused withdrawn: does not wait for an answer: it is denied")
    mesh.expect_no_read("kites")


def a_revocation_that_names_another_beside_it(mesh):
    """Of one of the two it must be wrong: nothing is ended."""
    mesh.offer("masts")
    mesh.ask("one-of-two", "masts", PUBLIC)
    mesh.expect_told("Granted one-of-two")
    mesh.revoke(requestId="one-of-two", table="aviation_ops.kites")
    mesh.expect_told("Refused one-of-two: is not of the principal, table or product that is named beside it")
    mesh.expect_reads("masts", PUBLIC)


def the_end_cannot_be_taken_away_for_minutes(mesh):
    """Nobody is told that access has ended while it can still be used; it ends when Lake Formation lets it."""
    mesh.offer("locks")
    mesh.ask("stubborn", "locks", PUBLIC, expiresAt=mesh.within(minutes=4))
    mesh.expect_told("Granted stubborn")
    with mesh.lake_shut():
        mesh.advance(6 * MINUTE)
        mesh.expect_told("Expiring stubborn")
        expect(mesh.filters("locks") == [(PUBLIC, None)], f"its entry still there, not {mesh.filters('locks')}")
    mesh.advance(MINUTE + 5)
    mesh.expect_told("Revoked stubborn expired")
    mesh.expect_no_read("locks")
    mesh.expect_no_trace("locks")


HAPPENINGS = [
    announced_and_ended_by_the_clock,
    ended_without_the_state_machines,
    revoked_by_those_who_may,
    a_question_is_withdrawn,
    a_revocation_that_names_another_beside_it,
    the_end_cannot_be_taken_away_for_minutes,
]
