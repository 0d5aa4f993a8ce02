"""A later end of what was granted: given by policy, by the owner, or not at all. The access goes on to the end that it has."""

from following.mesh import ANALYTICS, CLIMATE, HOUR

from the_path import expect

from .deciding import PUBLIC
from .mesh import MINUTE

OWNERS = ["iata", "city"]


def granted(mesh, request_id, name, columns, **term):
    """Access that the owner gave, where it had to."""
    mesh.ask(request_id, name, columns, **term)
    if columns == PUBLIC:
        mesh.expect_told(f"Granted {request_id}")
        return
    mesh.expect_told(f"Needed {request_id}")
    mesh.answer(request_id)
    mesh.expect_told(f"Granted {request_id}")


def extended_at_once(mesh):
    """The end that it had passes; the notice and the end come at the later one. The same extension again is silent."""
    mesh.offer("wings")
    granted(mesh, "longer", "wings", PUBLIC, expiresAt=mesh.within(minutes=20))
    later = mesh.within(hours=1)
    mesh.extend("longer", later)
    [extended] = mesh.expect_told("Extended longer")
    expect(extended["expiresAt"] == later, f"the end {later}, not {extended['expiresAt']}")
    mesh.extend("longer", later)
    mesh.expect_told()
    mesh.advance(25 * MINUTE)
    mesh.expect_told()
    mesh.expect_reads("wings", PUBLIC)
    mesh.advance(33 * MINUTE)
    mesh.expect_told("Expiring longer")
    mesh.expect_reads("wings", PUBLIC)
    mesh.advance(3 * MINUTE)
    mesh.expect_told("Revoked longer expired")
    mesh.expect_no_read("wings")
    mesh.extend("longer", mesh.within(hours=2))
    mesh.expect_told("Refused longer: The access longer has ended. Request it anew, under another requestId.")
    mesh.expect_no_trace("wings")


def extended_by_the_owner(mesh):
    """Who gives less of it than was asked for, and nothing else; another question cannot be put meanwhile."""
    mesh.offer("tails")
    granted(mesh, "put-off", "tails", OWNERS)
    most, some = mesh.within(days=80), mesh.within(days=50)
    mesh.extend("put-off", most)
    [needed] = mesh.expect_told("Needed put-off extension")
    expect(needed["expiresAt"] == most, f"the end {most} to be asked for, not {needed['expiresAt']}")
    mesh.extend("put-off", most)
    mesh.expect_told()
    mesh.extend("put-off", mesh.within(days=81))
    mesh.expect_told("Refused put-off: waits for the owner, who has until")
    mesh.answer("put-off", columns=["iata"])
    mesh.expect_told("Refused put-off: An extension keeps columns and rows as they are.")
    mesh.answer("put-off", expiresAt=mesh.within(days=90))
    mesh.expect_told("Refused put-off: must lie after")
    mesh.answer("put-off", expiresAt=some)
    [extended] = mesh.expect_told("Extended put-off")
    expect(extended["expiresAt"] == some, f"the end {some}, not {extended['expiresAt']}")
    mesh.expect_reads("tails", OWNERS)


def denied_by_the_owner(mesh):
    """And by nobody's answer, at the end that it has."""
    mesh.offer("noses")
    granted(mesh, "not-put-off", "noses", OWNERS, expiresAt=mesh.within(minutes=40))
    mesh.extend("not-put-off", mesh.within(hours=3))
    mesh.expect_told("Needed not-put-off extension")
    mesh.answer("not-put-off", "denied", reason="It was for a day.")
    mesh.expect_told("Denied not-put-off extension: It was for a day. The access goes on until")
    mesh.extend("not-put-off", mesh.within(hours=4))
    mesh.expect_told("Needed not-put-off extension")
    mesh.advance(22 * MINUTE)
    mesh.expect_told("Needed not-put-off extension reminder 1", "Expiring not-put-off")
    mesh.expect_reads("noses", OWNERS)
    mesh.advance(20 * MINUTE)
    mesh.expect_told(
        "Denied not-put-off extension: Nobody of aviation answered in time.",
        "Revoked not-put-off expired",
    )
    mesh.expect_no_read("noses")


def denied_by_policy(mesh):
    """For longer than anybody can have; what it had, it keeps."""
    mesh.offer("ribs")
    granted(mesh, "too-long", "ribs", OWNERS)
    mesh.extend("too-long", mesh.within(days=366))
    mesh.expect_told("Denied too-long extension: access ends after 365 days at most")
    mesh.expect_reads("ribs", OWNERS)


def what_cannot_be_extended(mesh):
    """What waits, was denied, never was, is another account's, or would end sooner by it."""
    mesh.offer("spars", "struts")
    mesh.ask("still-waits", "spars", OWNERS)
    mesh.expect_told("Needed still-waits")
    mesh.extend("still-waits", mesh.within(days=60))
    mesh.expect_told("Refused still-waits: waits for its owner. Ask for a later end when it is granted")
    mesh.answer("still-waits", "denied")
    mesh.expect_told("Denied still-waits: The owner denied it.")
    mesh.extend("still-waits", mesh.within(days=60))
    mesh.expect_told("Refused still-waits: was denied. Request anew, under another requestId.")
    mesh.extend("never-was", mesh.within(days=60))
    mesh.expect_told(f"Refused never-was: Account {ANALYTICS} has no access never-was to extend.")
    granted(mesh, "mine", "struts", PUBLIC)
    mesh.extend("mine", mesh.within(days=60), who=CLIMATE)
    mesh.expect_told(f"Refused mine: Account {CLIMATE} has no access mine to extend.")
    mesh.extend("mine", mesh.within(days=1))
    mesh.expect_told("Refused mine: To end it sooner, revoke it.")
    mesh.expect_no_read("spars")
    mesh.expect_reads("struts", PUBLIC)


def revoked_while_its_extension_waits(mesh):
    """The owner's late yes brings nothing back."""
    mesh.offer("flaps")
    granted(mesh, "ended-asking", "flaps", OWNERS)
    mesh.extend("ended-asking", mesh.within(days=60))
    mesh.expect_told("Needed ended-asking extension")
    mesh.revoke(requestId="ended-asking")
    mesh.expect_told("Revoked ended-asking requested")
    mesh.answer("ended-asking")
    mesh.expect_told("Refused ended-asking: does not wait for an answer: it is ended")
    mesh.advance(HOUR)
    mesh.expect_told()
    mesh.expect_no_read("flaps")
    mesh.expect_no_trace("flaps")


HAPPENINGS = [
    extended_at_once,
    extended_by_the_owner,
    denied_by_the_owner,
    denied_by_policy,
    what_cannot_be_extended,
    revoked_while_its_extension_waits,
]
