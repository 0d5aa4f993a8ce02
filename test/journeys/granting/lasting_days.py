"""What takes a day: a question of more than a day with all its reminders, and a table that is dropped while people have access to it."""

from following.mesh import HOUR
from the_path import expect

from .deciding import PUBLIC
from .judge import airports
from .mesh import MINUTE

GRACE = 24 * HOUR
WHILE_GRANTS_END = 5 * MINUTE


def a_question_of_a_day_and_a_dropped_table(mesh):
    """
    The stewards are reminded a day before the time is over, and half-way. The dropped table is read as long as it may come back; nobody
    new is let in; then its grants end, and it goes.
    """
    mesh.offer("graves", "moats", "wharves")
    mesh.ask("lived-on", "moats", PUBLIC)
    mesh.ask("comes-back", "wharves", PUBLIC)
    mesh.ask("asked-for", "moats", ["iata", "city"])
    mesh.expect_told("Granted lived-on", "Granted comes-back", "Needed asked-for")
    mesh.ask("a-day", "graves", ["iata", "city"], expiresAt=mesh.within(hours=26))
    mesh.expect_told("Needed a-day")
    mesh.drop("moats")
    mesh.drop("wharves")
    mesh.expect_told()
    mesh.ask("too-late", "moats", PUBLIC)
    mesh.expect_told("Denied too-late: has been gone at its source since")
    mesh.answer("asked-for")
    mesh.expect_told("Refused asked-for: has been gone at its source since")
    mesh.extend("lived-on", mesh.within(days=60))
    mesh.expect_told("Denied lived-on extension: has been gone at its source since")

    mesh.advance(2 * HOUR + 120)
    mesh.expect_told("Needed a-day reminder 1")
    mesh.make(airports("wharves"))
    mesh.expect_told("Synced aviation_ops.wharves: recreated")
    mesh.advance(11 * HOUR)
    mesh.expect_told("Needed a-day reminder 2")
    for name in ("moats", "wharves"):
        mesh.expect_reads(name, PUBLIC)

    mesh.advance(GRACE - 13 * HOUR)
    mesh.expect_told("Revoked lived-on table-removed")
    mesh.expect_no_read("moats")
    # Its grants are looked for once more before it is removed.
    mesh.advance(WHILE_GRANTS_END)
    mesh.expect_told("Removed aviation_ops.moats: removed")
    mesh.expect_reads("wharves", PUBLIC)
    mesh.advance(2 * HOUR)
    mesh.expect_told("Denied a-day: Nobody of aviation answered in time.")
    mesh.expect_no_read("graves")


def a_table_of_the_same_name_is_another(mesh):
    """What was granted on the one that went gives nothing of the one that comes."""
    mesh.offer("moats")
    mesh.expect_no_read("moats")
    expect(mesh.filters("moats") == [], f"no filter on it, not {mesh.filters('moats')}")
    mesh.ask("moats-anew", "moats", ["iata"])
    mesh.expect_told("Granted moats-anew")
    mesh.expect_reads("moats", ["iata"])


HAPPENINGS = [a_question_of_a_day_and_a_dropped_table, a_table_of_the_same_name_is_another]
