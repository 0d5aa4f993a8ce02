"""What nobody gets without the owner, what nobody gets at all, and for how long and what it may be."""

from the_path import expect

from .deciding import PUBLIC
from .mesh import REGIONAL

ON_THE_LIST = "safety-investigation"
KEPT_BACK = "personal data is read only for a purpose on the council's list"


def personal_data_for_a_purpose_on_the_list(mesh):
    """The owner's to give. Case and outer blanks of the purpose do not matter."""
    mesh.offer("guests")
    mesh.ask("listed", "guests", ["iata", "country"], purpose=f" {ON_THE_LIST.upper()} ")
    [needed] = mesh.expect_told("Needed listed")
    expect(sorted(needed["columns"]) == ["country", "iata"], f"the personal column to be asked for, not {needed['columns']}")
    mesh.answer("listed")
    mesh.expect_told("Granted listed")
    mesh.expect_reads("guests", ["iata", "country"])


def personal_data_for_any_other_purpose(mesh):
    """Which may be one that nobody knows: not even the owner's to give, and the rest comes without it."""
    mesh.offer("crews")
    for number, purpose in enumerate(["marketing", f"{ON_THE_LIST}, marketing", "safety", "*"]):
        mesh.ask(f"off-list-{number}", "crews", ["country"], purpose=purpose)
        mesh.expect_told(f"Denied off-list-{number}: country: {KEPT_BACK}")
    mesh.ask("beside-it", "crews", [*PUBLIC, "country"], purpose="marketing")
    [granted] = mesh.expect_told(f"Granted beside-it: country: {KEPT_BACK}")
    expect(sorted(granted["columns"]) == PUBLIC, f"the rest, not {granted['columns']}")
    mesh.expect_reads("crews", PUBLIC)
    mesh.expect_no_read("crews", "country")


def an_extension_for_a_purpose_off_the_list(mesh):
    """The purpose that was good for the request is not there for what follows."""
    mesh.extend("listed", mesh.within(days=60), purpose="marketing")
    mesh.expect_told(f"Denied listed extension: {KEPT_BACK}")
    mesh.expect_reads("guests", ["iata", "country"])


def for_more_than_a_year(mesh):
    mesh.offer("lamps")
    for days in (366, 100_000_000):
        mesh.ask(f"days-{days}", "lamps", PUBLIC, durationDays=days)
        mesh.expect_told(f"Denied days-{days}: access ends after 365 days at most")
    mesh.ask("an-instant", "lamps", PUBLIC, expiresAt="9999-12-31T23:59:59.999Z")
    mesh.expect_told("Denied an-instant: access ends after 365 days at most")
    mesh.expect_no_read("lamps")
    mesh.ask("days-365", "lamps", PUBLIC, durationDays=365)
    mesh.expect_told("Needed days-365")
    mesh.answer("days-365")
    mesh.expect_told("Granted days-365")
    mesh.expect_reads("lamps", PUBLIC)


def restricted_columns(mesh):
    """Kept back beside others, denied alone."""
    mesh.offer("radars")
    mesh.ask("restricted", "radars", ["latitude"], purpose=ON_THE_LIST)
    mesh.expect_told("Denied restricted: latitude: aviation shares no restricted columns")
    mesh.ask("with-restricted", "radars", ["iata", "latitude"])
    mesh.expect_told("Granted with-restricted: latitude: aviation shares no restricted columns")
    mesh.expect_reads("radars", ["iata"])


def columns_without_a_label(mesh):
    """None, or one that is none: the owner decides, however harmless they look."""
    mesh.offer("beacons", state="publik", name="public,internal")
    for column in ("longitude", "state", "name"):
        mesh.ask(f"unlabelled-{column}", "beacons", ["iata", column])
        mesh.expect_told(f"Needed unlabelled-{column}")
    mesh.expect_no_read("beacons")
    mesh.answer("unlabelled-longitude")
    mesh.expect_told("Granted unlabelled-longitude")
    mesh.expect_reads("beacons", ["iata", "longitude"])


def another_domain_has_other_policies(mesh):
    """Climate gives public columns for half a year; a partition's key comes along, as every grant reads it."""
    asked = {"tables": ["climate_observations.weather"], "principal": REGIONAL, "durationDays": 180}
    mesh.ask("weather", "", ["date", "temp_max"], **asked)
    [granted] = mesh.expect_told("Granted weather")
    expect(granted["columns"] == ["date", "temp_max", "location"], f"the key among the columns, not {granted['columns']}")
    columns, rows = mesh.query_as(REGIONAL, "SELECT * FROM trellis_climate_observations.weather")
    expect(columns == ["date", "temp_max", "location"] and len(rows) == 2_922, f"all days of three columns, not {columns or rows}")


HAPPENINGS = [
    personal_data_for_a_purpose_on_the_list,
    personal_data_for_any_other_purpose,
    an_extension_for_a_purpose_off_the_list,
    for_more_than_a_year,
    restricted_columns,
    columns_without_a_label,
    another_domain_has_other_policies,
]
