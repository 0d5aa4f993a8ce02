"""The same said again, other things under the same id, and people who say what they may not."""

import json

from botocore.exceptions import ClientError
from following.mesh import ANALYTICS, CLIMATE, HUB_BUS
from the_path import ANALYST, AVIATION, HUB, STEWARD, expect

from .deciding import PUBLIC
from .mesh import REGIONAL, REPORTING

CLIMATE_STEWARD = f"arn:aws:iam::{CLIMATE}:role/Steward"
STRANGER = "999999999999"


def the_same_request_again(mesh):
    """In the same event or a new one, while it is granted or after its end: silent."""
    mesh.offer("doors")
    mesh.ask("doors-1", "doors", PUBLIC, event_id="doors-event")
    mesh.expect_told("Granted doors-1")
    mesh.ask("doors-1", "doors", PUBLIC, event_id="doors-event")
    mesh.ask("doors-1", "doors", PUBLIC)
    mesh.expect_told()
    mesh.expect_reads("doors", PUBLIC)
    mesh.revoke(requestId="doors-1")
    mesh.expect_told("Revoked doors-1 requested")
    mesh.ask("doors-1", "doors", PUBLIC)
    mesh.expect_told()
    mesh.expect_no_read("doors")


def another_request_under_the_same_id(mesh):
    """Of the same account or of another: refused to whom it came from, and the first stays what it is."""
    mesh.offer("halls")
    mesh.ask("halls-1", "halls", PUBLIC)
    mesh.expect_told("Granted halls-1")
    mesh.ask("halls-1", "halls", ["iata"])
    mesh.expect_told("Refused halls-1: Another request has the id halls-1. Choose a new one.")
    mesh.ask("halls-1", "halls", PUBLIC, principal=REGIONAL)
    mesh.expect_told("Refused halls-1: Another request has the id halls-1. Choose a new one.")
    mesh.ask("halls-1", "halls", PUBLIC, principal=REPORTING, who=CLIMATE)
    [refused] = mesh.expect_told("Refused halls-1: Another request has the id halls-1. Choose a new one.")
    expect(refused["account"] == CLIMATE, f"{CLIMATE} alone to hear of it, not {refused['account']}")
    mesh.expect_reads("halls", PUBLIC)
    for who in (REGIONAL, REPORTING):
        mesh.expect_no_read("halls", who=who)


def two_accounts_with_the_same_event_id(mesh):
    """An event is known by its account and its id: neither hides the other's."""
    mesh.offer("stairs")
    mesh.ask("stairs-1", "stairs", PUBLIC, event_id="number-one")
    mesh.ask("stairs-2", "stairs", PUBLIC, principal=REPORTING, who=CLIMATE, event_id="number-one")
    mesh.expect_told("Granted stairs-1", "Granted stairs-2")
    for who in (ANALYST, REPORTING):
        mesh.expect_reads("stairs", PUBLIC, who=who)


def nobody_decides_on_their_own_request(mesh):
    """The steward of aviation asks for aviation's own table, and says yes to it."""
    mesh.offer("safes")
    mesh.ask("own", "safes", ["iata", "city"], principal=STEWARD, who=AVIATION)
    mesh.expect_told("Needed own")
    mesh.answer("own")
    mesh.expect_told("Refused own: cannot decide on its own request")
    expect(mesh.filters("safes") == [], "nothing to be given")


def those_who_are_not_its_stewards(mesh):
    """Somebody of the owner's, the requester, another domain, the consumer, the hub: refused, and the question stays open for a steward."""
    mesh.offer("crypts")
    mesh.ask("asked", "crypts", ["iata", "city"])
    mesh.expect_told("Needed asked")
    for approver in (f"arn:aws:iam::{AVIATION}:role/Intern", ANALYST, CLIMATE_STEWARD):
        mesh.answer("asked", approver=approver)
        mesh.expect_told(f"Refused asked: {approver} is not a steward of aviation.")
    for account in (CLIMATE, ANALYTICS, HUB):
        for approver in (STEWARD, CLIMATE_STEWARD):
            said = {"requestId": "asked", "decision": "approved", "approver": approver}
            # What it claims to be counts for nothing.
            mesh.say(account, "Access Decision Made", {**said, "account": AVIATION})
            mesh.expect_told(f"Refused asked: No request asked waits for an answer of account {account}.")
    mesh.expect_no_read("crypts")
    mesh.answer("asked")
    mesh.expect_told("Granted asked")
    mesh.expect_reads("crypts", ["iata", "city"])


def for_a_principal_of_another_account(mesh):
    """Whatever account the event says that it is from."""
    mesh.offer("cabins")
    for number, (who, principal) in enumerate([(CLIMATE, ANALYST), (ANALYTICS, REPORTING), (ANALYTICS, STEWARD)]):
        mesh.ask(f"forged-{number}", "cabins", PUBLIC, principal=principal, who=who, account=principal.split(":")[4])
        mesh.expect_told(f"Refused forged-{number}: is not of the account that asks, {who}. Ask from the principal's own account.")
    for who in (ANALYST, REPORTING):
        mesh.expect_no_read("cabins", who=who)


def what_the_buses_do_not_let_in(mesh):
    """Trellis's own voice, AWS's, that of a pipeline, a role without the right, and an account that is not in the mesh."""
    forged = json.dumps({"metadata": {"eventId": "forged"}, "data": {"requestId": "asked", "principal": ANALYST}})

    def expect_shut(who, words, source, role=None, bus=HUB_BUS):
        try:
            mesh.put_entry(who, "Access Granted", forged, source=source, bus=bus, role=role)
        except ClientError as error:
            expect(words in str(error), f"to be kept out because it is {words}, not {error}")
        else:
            expect(False, f"{source} of {who} to be kept out")

    for who in (ANALYTICS, CLIMATE, AVIATION):
        expect_shut(who, "not authorized", "trellis")
    expect_shut(ANALYTICS, "not authorized", "trellis.contract")
    expect_shut(ANALYTICS, "not authorized", "trellis.access", role="Analyst")
    expect_shut(ANALYTICS, "not authorized", "trellis.access", role="Analyst", bus="default")
    expect_shut(STRANGER, "security token", "trellis.access")
    error = mesh.put_entry(ANALYTICS, "Glue Data Catalog Table State Change", forged, source="aws.glue")
    expect(error == "NotAuthorizedForSourceException", f"AWS alone to speak as AWS, not {error}")
    mesh.expect_told()
    # On its own bus an account may say what it likes: it is heard there, as the account's own, and nowhere else.
    mesh.put_entry(ANALYTICS, "Access Granted", forged, source="trellis")
    heard = mesh.own_ears[ANALYTICS].news()
    expect([one["account"] for one in heard] == [ANALYTICS], f"the forged event as of its own account, not {heard}")
    mesh.expect_told()


HAPPENINGS = [
    the_same_request_again,
    another_request_under_the_same_id,
    two_accounts_with_the_same_event_id,
    nobody_decides_on_their_own_request,
    those_who_are_not_its_stewards,
    for_a_principal_of_another_account,
    what_the_buses_do_not_let_in,
]
