"""Several grants of one principal on one table: it reads exactly their union, whatever happens to any of them."""

from following.mesh import ANALYTICS
from the_path import ANALYST, expect

from .deciding import PUBLIC
from .judge import airports
from .mesh import ENFORCER, MINUTE


def grant(mesh, request_id, name, columns, **more):
    """By the owner, who takes it as it is asked."""
    mesh.ask(request_id, name, columns, **more)
    mesh.expect_told(f"Needed {request_id}")
    mesh.answer(request_id)
    mesh.expect_told(f"Granted {request_id}")


def grants_that_overlap_end_one_by_one(mesh):
    """By the clock, by revocation, and extended: after each, the union of the rest."""
    mesh.offer("bays")
    mesh.ask("bays-1", "bays", PUBLIC)
    mesh.expect_told("Granted bays-1")
    mesh.expect_reads("bays", PUBLIC)
    grant(mesh, "bays-2", "bays", ["iata", "name"])
    mesh.expect_reads("bays", ["iata", "name", "state"])
    grant(mesh, "bays-3", "bays", ["city", "state"], expiresAt=mesh.within(minutes=20))
    mesh.expect_reads("bays", ["iata", "name", "city", "state"])
    mesh.extend("bays-1", mesh.within(days=60))
    mesh.expect_told("Extended bays-1")
    mesh.expect_reads("bays", ["iata", "name", "city", "state"])
    mesh.advance(21 * MINUTE)
    mesh.expect_told("Expiring bays-3", "Revoked bays-3 expired")
    mesh.expect_reads("bays", ["iata", "name", "state"])
    mesh.expect_no_read("bays", "city")
    mesh.revoke(requestId="bays-1")
    mesh.expect_told("Revoked bays-1 requested")
    mesh.expect_reads("bays", ["iata", "name"])
    expect(len(mesh.filters("bays")) == 1, f"one filter for the pair, not {mesh.filters('bays')}")
    mesh.revoke(requestId="bays-2")
    mesh.expect_told("Revoked bays-2 requested")
    mesh.expect_no_read("bays")
    mesh.expect_no_trace("bays")


def the_same_columns_twice(mesh):
    """One goes, and nothing changes for the other."""
    mesh.offer("yards")
    for request_id in ("yards-1", "yards-2"):
        mesh.ask(request_id, "yards", PUBLIC)
        mesh.expect_told(f"Granted {request_id}")
    before = mesh.permissions()
    mesh.revoke(requestId="yards-1")
    mesh.expect_told("Revoked yards-1 requested")
    expect(mesh.permissions() == before, "Lake Formation to be as it was")
    mesh.expect_reads("yards", PUBLIC)


def what_remains_has_no_gap(mesh):
    """While the old entry is being taken away, what another grant gives is read: the new one is there before."""
    mesh.offer("rails")
    mesh.ask("rails-1", "rails", PUBLIC)
    mesh.expect_told("Granted rails-1")
    grant(mesh, "rails-2", "rails", ["iata", "name"])
    with mesh.call_held(ENFORCER, "lakeformation:BatchRevokePermissions"):
        mesh.say(ANALYTICS, "Access Revocation Requested", {"requestId": "rails-2", "reason": "Done."}, settles=False)
        mesh.wait_until(lambda: not mesh.faults(), "the old entry to be about to go")
        columns, rows = mesh.query_as(ANALYST, "SELECT iata, state FROM trellis_aviation_ops.rails")
        expect(columns == ["iata", "state"], f"what remains to be read meanwhile, not {rows}")
    mesh.expect_told("Revoked rails-2 requested")
    mesh.expect_reads("rails", PUBLIC)


def one_of_two_is_narrowed(mesh):
    """A label changes so that a column may no longer be read: the grant that had it loses it, and the other keeps its own."""
    mesh.offer("tanks")
    mesh.ask("tanks-1", "tanks", PUBLIC)
    mesh.expect_told("Granted tanks-1")
    grant(mesh, "tanks-2", "tanks", ["iata", "name", "city"])
    mesh.expect_reads("tanks", ["iata", "name", "city", "state"])
    mesh.change(airports("tanks", name="restricted"))
    [narrowed, _] = mesh.expect_told(
        "Narrowed tanks-2: aviation shares no restricted columns",
        "Synced aviation_ops.tanks: columns",
    )
    expect(sorted(narrowed["columns"]) == ["city", "iata"], f"what is left of it, not {narrowed['columns']}")
    mesh.expect_reads("tanks", ["iata", "city", "state"])
    mesh.expect_no_read("tanks", "name")
    mesh.revoke(requestId="tanks-1")
    mesh.expect_told("Revoked tanks-1 requested")
    mesh.expect_reads("tanks", ["iata", "city"])
    # The label as it was brings nothing back.
    mesh.change(airports("tanks"))
    mesh.expect_told("Synced aviation_ops.tanks: columns")
    mesh.expect_reads("tanks", ["iata", "city"])


def a_column_goes_that_a_grant_lives_on(mesh):
    """All that is left of it is nothing: it ends, and says why."""
    mesh.offer("pumps")
    grant(mesh, "pumps-1", "pumps", ["city"])
    mesh.ask("pumps-2", "pumps", PUBLIC)
    mesh.expect_told("Granted pumps-2")
    mesh.change(airports("pumps", city="restricted"))
    mesh.expect_told(
        "Revoked pumps-1 policy: aviation shares no restricted columns",
        "Synced aviation_ops.pumps: columns",
    )
    mesh.expect_reads("pumps", PUBLIC)


def rows_that_differ(mesh):
    """The same rows are united, however they are written; others are denied with advice, and nothing is widened."""
    mesh.offer("silos")
    mesh.ask("silos-1", "silos", PUBLIC, rowFilter="state = 'TX' OR state = 'CA'")
    mesh.expect_told("Granted silos-1")
    rows = "state IN ('TX', 'CA')"
    mesh.expect_reads("silos", PUBLIC, rows)
    mesh.ask("silos-2", "silos", ["iata", "state", "name"], rowFilter="(state = 'CA') or state = 'TX'")
    mesh.expect_told("Needed silos-2")
    mesh.answer("silos-2")
    mesh.expect_told("Granted silos-2")
    mesh.expect_reads("silos", ["iata", "name", "state"], rows)
    advice = "Ask for the same rows, for another principal, or end that request first."
    mesh.ask("silos-3", "silos", PUBLIC)
    mesh.expect_told(f"Denied silos-3: {advice}")
    mesh.ask("silos-4", "silos", PUBLIC, rowFilter="state = 'TX'")
    mesh.expect_told(f"Denied silos-4: {advice}")
    mesh.ask("silos-5", "silos", ["iata", "city"])
    mesh.expect_told(f"Denied silos-5: {advice}")
    mesh.revoke(requestId="silos-1")
    mesh.expect_told("Revoked silos-1 requested")
    mesh.expect_reads("silos", ["iata", "name", "state"], rows)


HAPPENINGS = [
    grants_that_overlap_end_one_by_one,
    the_same_columns_twice,
    what_remains_has_no_gap,
    one_of_two_is_narrowed,
    a_column_goes_that_a_grant_lives_on,
    rows_that_differ,
]
