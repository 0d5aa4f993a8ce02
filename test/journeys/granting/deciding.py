"""Access that policy gives at once, and what the owner makes of a question."""

from the_path import AVIATION, STEWARD, expect

from .mesh import MINUTE, REGIONAL

PUBLIC = ["iata", "state"]
# What is left of all columns for a purpose that is not on the council's list.
READABLE = ["iata", "name", "city", "state", "longitude"]


def public_columns_are_granted_at_once(mesh):
    """Those that were asked for and no others, to whom it was asked for and to nobody else."""
    mesh.offer("gates")
    mesh.ask("at-once", "gates", PUBLIC)
    [granted] = mesh.expect_told("Granted at-once")
    expect(granted["links"] == ["trellis_aviation_ops.gates"], f"the link, not {granted['links']}")
    expect(sorted(granted["columns"]) == PUBLIC, f"the columns {PUBLIC}, not {granted['columns']}")
    expect("aviation.public-is-automatic" in granted["policies"], f"the policy that gave it, not {granted['policies']}")
    mesh.expect_reads("gates", PUBLIC)
    mesh.expect_no_read("gates", "city")
    mesh.expect_no_read("gates", who=REGIONAL)


def for_longer_than_the_domain_gives_at_once(mesh):
    """Ninety days are automatic, ninety-one are the owner's to give."""
    mesh.offer("aprons")
    mesh.ask("a-season", "aprons", PUBLIC, durationDays=90)
    mesh.expect_told("Granted a-season")
    mesh.ask("a-season-and-a-day", "aprons", PUBLIC, principal=REGIONAL, durationDays=91)
    mesh.expect_told("Needed a-season-and-a-day")
    mesh.expect_reads("aprons", PUBLIC)
    mesh.expect_no_read("aprons", who=REGIONAL)
    mesh.answer("a-season-and-a-day")
    mesh.expect_told("Granted a-season-and-a-day")
    mesh.expect_reads("aprons", PUBLIC, who=REGIONAL)


def the_owner_says_yes(mesh):
    """To all columns but those that policy keeps back, each with its reason; nothing can be read before."""
    mesh.offer("lounges")
    mesh.ask("yes", "lounges")
    [needed] = mesh.expect_told("Needed yes")
    expect(sorted(needed["columns"]) == sorted(READABLE), f"the columns {READABLE} to be asked for, not {needed['columns']}")
    mesh.expect_no_read("lounges")
    mesh.answer("yes", reason="Good luck with it.")
    [granted] = mesh.expect_told("Granted yes: Good luck with it.")
    expect(sorted(granted["columns"]) == sorted(READABLE), f"the columns {READABLE}, not {granted['columns']}")
    mesh.expect_reads("lounges", READABLE)
    for kept in ("country", "latitude"):
        mesh.expect_no_read("lounges", kept)


def the_owner_gives_fewer_columns(mesh):
    mesh.offer("shops")
    mesh.ask("fewer", "shops", ["iata", "name", "city"])
    mesh.expect_told("Needed fewer")
    mesh.answer("fewer", columns=["iata", "city"])
    mesh.expect_told("Granted fewer")
    mesh.expect_reads("shops", ["iata", "city"])


def the_owner_gives_some_rows(mesh):
    mesh.offer("desks")
    mesh.ask("some-rows", "desks", ["iata", "state", "city"])
    mesh.expect_told("Needed some-rows")
    mesh.answer("some-rows", rowFilter="state = 'TX' AND NOT city = 'Austin'")
    [granted] = mesh.expect_told("Granted some-rows")
    expect(granted["rowFilter"] == "city <> 'Austin' AND state = 'TX'", f"the rows that it gives, not {granted['rowFilter']}")
    mesh.expect_reads("desks", ["iata", "state", "city"], "state = 'TX' AND city <> 'Austin'")


def the_owner_gives_less_time(mesh):
    """By an event of its account's bus, as any administrator of it can; and no answer widens."""
    mesh.offer("ramps")
    mesh.ask("less-time", "ramps", ["iata", "city"])
    mesh.expect_told("Needed less-time")
    mesh.answer("less-time", columns=["iata", "name"])
    mesh.expect_told("Refused less-time: name was not asked for")
    mesh.answer("less-time", expiresAt=mesh.within(days=31))
    mesh.expect_told("Refused less-time: must lie between now and the end that was asked for")
    mesh.answer("less-time", rowFilter="name = 'Chicago'")
    mesh.expect_told("Refused less-time: row filter")
    mesh.expect_no_read("ramps")
    sooner = mesh.within(minutes=20)
    said = {"requestId": "less-time", "decision": "approved", "approver": STEWARD, "expiresAt": sooner}
    mesh.say(AVIATION, "Access Decision Made", said)
    [granted] = mesh.expect_told("Granted less-time")
    expect(granted["expiresAt"] == sooner, f"the end {sooner}, not {granted['expiresAt']}")
    mesh.advance(19 * MINUTE)
    mesh.expect_told("Expiring less-time")
    mesh.expect_reads("ramps", ["iata", "city"])
    mesh.advance(2 * MINUTE)
    mesh.expect_told("Revoked less-time expired")
    mesh.expect_no_read("ramps")
    mesh.expect_no_trace("ramps")


def the_owner_says_no(mesh):
    """Once: a second answer finds the question closed."""
    mesh.offer("vaults")
    mesh.ask("no", "vaults", ["iata", "city"])
    mesh.expect_told("Needed no")
    mesh.answer("no", "denied", reason="Ask the airport.")
    mesh.expect_told("Denied no: Ask the airport.")
    mesh.answer("no")
    mesh.expect_told("Refused no: does not wait for an answer: it is denied")
    mesh.expect_no_read("vaults")
    mesh.expect_no_trace("vaults")


def nobody_answers_in_an_hour(mesh):
    """Half-way the stewards are reminded; then it is denied, and an answer comes too late."""
    mesh.offer("cellars")
    mesh.ask("unanswered", "cellars", ["iata", "city"], expiresAt=mesh.within(hours=1))
    mesh.expect_told("Needed unanswered")
    mesh.advance(29 * MINUTE)
    mesh.expect_told()
    mesh.advance(2 * MINUTE)
    mesh.expect_told("Needed unanswered reminder 1")
    mesh.advance(28 * MINUTE)
    mesh.expect_told()
    mesh.advance(2 * MINUTE)
    mesh.expect_told("Denied unanswered: Nobody of aviation answered in time.")
    mesh.answer("unanswered")
    mesh.expect_told("Refused unanswered: does not wait for an answer: it is denied")
    mesh.expect_no_read("cellars")


def a_provisioning_fails_and_comes_right(mesh):
    """The first tries are no news. Nobody is told of access that is not there."""
    mesh.offer("hydrants")
    with mesh.lake_shut():
        mesh.ask("comes-right", "hydrants", PUBLIC)
        mesh.expect_told()
        # It is tried after 0, 5, 15 and 35 seconds.
        mesh.advance(16)
        [failed] = mesh.expect_told("Failed comes-right")
        expect(failed["step"] == "AccessDeniedException", f"the step that failed, not {failed}")
        mesh.expect_no_read("hydrants")
    mesh.advance(MINUTE)
    mesh.expect_told("Granted comes-right")
    mesh.expect_reads("hydrants", PUBLIC)


HAPPENINGS = [
    public_columns_are_granted_at_once,
    for_longer_than_the_domain_gives_at_once,
    the_owner_says_yes,
    the_owner_gives_fewer_columns,
    the_owner_gives_some_rows,
    the_owner_gives_less_time,
    the_owner_says_no,
    nobody_answers_in_an_hour,
    a_provisioning_fails_and_comes_right,
]
