"""All that a principal has, and all that there is on a table, ended at once by those who may."""

from following.mesh import ANALYTICS, CLIMATE
from the_path import ANALYST, AVIATION, HUB, expect

from .deciding import PUBLIC
from .mesh import MINUTE, REGIONAL, REPORTING

# Until it is certain that nothing that was decided before is still to come.
CERTAIN = 3 * MINUTE


def given(mesh, name, *asked):
    """Public columns of a table, each by a request `<table>-<who>`, of whom it is asked for."""
    accounts = {ANALYST: ANALYTICS, REGIONAL: ANALYTICS, REPORTING: CLIMATE}
    for principal in asked:
        mesh.ask(request_of(name, principal), name, PUBLIC, principal=principal, who=accounts[principal])
    mesh.expect_told(*[f"Granted {request_of(name, principal)}" for principal in asked])
    for principal in asked:
        mesh.expect_reads(name, PUBLIC, who=principal)


def request_of(name, principal):
    return f"{name}-{principal.split('/')[-1]}"


def all_of_a_principal(mesh):
    """By the holder's own account: on every table, what waits too; what others have there stays, and so does what is asked for later."""
    mesh.offer("piers", "quays", "docks")
    given(mesh, "piers", REPORTING, ANALYST)
    given(mesh, "quays", REPORTING)
    mesh.ask("docks-waits", "docks", ["iata", "city"], principal=REPORTING, who=CLIMATE)
    mesh.expect_told("Needed docks-waits")
    mesh.revoke(who=CLIMATE, principal=REPORTING, reason="The project is over.")
    mesh.expect_told(
        "Revoked piers-Reporting requested",
        "Revoked quays-Reporting requested",
        "Denied docks-waits: Withdrawn: The project is over.",
    )
    for name in ("piers", "quays"):
        mesh.expect_no_read(name, who=REPORTING)
    mesh.expect_reads("piers", PUBLIC)
    mesh.expect_no_trace("quays", CLIMATE)
    # An envelope has whole seconds: what is asked for in its second was there before, for all that it says.
    mesh.advance(2)
    mesh.ask("quays-anew", "quays", PUBLIC, principal=REPORTING, who=CLIMATE)
    mesh.expect_told("Granted quays-anew")
    mesh.advance(CERTAIN)
    mesh.expect_told()
    mesh.expect_reads("quays", PUBLIC, who=REPORTING)


def all_on_a_table(mesh):
    """By its owner, everybody's; by a consumer's account, what its own principals have."""
    mesh.offer("slips")
    given(mesh, "slips", ANALYST, REGIONAL, REPORTING)
    mesh.revoke(who=ANALYTICS, table="aviation_ops.slips")
    mesh.expect_told("Revoked slips-Analyst requested", "Revoked slips-Regional requested")
    mesh.expect_reads("slips", PUBLIC, who=REPORTING)
    for who in (ANALYST, REGIONAL):
        mesh.expect_no_read("slips", who=who)
    mesh.revoke(who=AVIATION, table="aviation_ops.slips")
    mesh.expect_told("Revoked slips-Reporting requested")
    mesh.expect_no_read("slips", who=REPORTING)
    mesh.expect_no_trace("slips", CLIMATE)
    mesh.advance(CERTAIN)
    mesh.expect_told()


def all_of_a_principal_on_a_table(mesh):
    """By the hub: that alone."""
    mesh.offer("basins", "sluices")
    given(mesh, "basins", REPORTING, ANALYST)
    given(mesh, "sluices", REPORTING)
    mesh.revoke(who=HUB, principal=REPORTING, table="aviation_ops.basins")
    mesh.expect_told("Revoked basins-Reporting requested")
    mesh.expect_no_read("basins", who=REPORTING)
    mesh.expect_reads("basins", PUBLIC)
    mesh.expect_reads("sluices", PUBLIC, who=REPORTING)
    mesh.advance(CERTAIN)
    mesh.expect_told()


def all_of_a_principal_by_the_owner(mesh):
    """Of the owner's tables alone."""
    mesh.offer("weirs")
    given(mesh, "weirs", REPORTING)
    mesh.ask("co2-Reporting", "", ["date", "co2"], tables=["climate_observations.co2"])
    mesh.expect_told("Granted co2-Reporting")
    mesh.revoke(who=CLIMATE, principal=ANALYST)
    mesh.expect_told("Revoked co2-Reporting requested")
    header, _ = mesh.query_as(ANALYST, "SELECT * FROM trellis_climate_observations.co2")
    expect(header is None, f"nothing of climate to be read, not {header}")
    mesh.expect_reads("basins", PUBLIC)
    mesh.advance(CERTAIN)
    mesh.expect_told()


def nothing_to_end(mesh):
    """Its sender hears of it when that is certain; what it may not end, at once."""
    mesh.offer("fjords")
    mesh.revoke(who=AVIATION, table="aviation_ops.fjords")
    mesh.expect_told()
    mesh.advance(CERTAIN)
    mesh.expect_told("Refused an event: There is no access of aviation_ops.fjords from before")
    mesh.revoke(who=ANALYTICS, principal=REPORTING, table="aviation_ops.sluices")
    mesh.expect_told("Refused an event: which does not own aviation_ops.sluices: it has nothing of that to end.")
    mesh.revoke(who=ANALYTICS, principal=REPORTING)
    mesh.expect_told("Refused an event: which has no tables: it has nothing of that to end.")
    mesh.revoke(who=ANALYTICS)
    mesh.expect_told("Refused an event: An empty selector is refused")
    mesh.revoke(who=HUB, product="aviation/sluices")
    mesh.expect_told("Refused an event: Name a principal, or the product’s tables")
    mesh.revoke(who=HUB, table="nowhere_ops.sluices")
    mesh.expect_told("Refused an event: belongs to no domain of the mesh")
    mesh.expect_reads("sluices", PUBLIC, who=REPORTING)


HAPPENINGS = [
    all_of_a_principal,
    all_on_a_table,
    all_of_a_principal_on_a_table,
    all_of_a_principal_by_the_owner,
    nothing_to_end,
]
