"""Locations outside the domain's prefixes: kept out, told once, and let in when they are mended."""

from the_path import expect

from .mesh import partitions_of
from .partitions import DAY_KEY, add, change, drop
from .samples import ROOT, partition, stored, table

ELSEWHERE = "s3://trellis-climate/observations"


def expect_quarantined(mesh, name, place):
    [told] = mesh.expect_told(f"Quarantined aviation_ops.{name}")
    expect(len(told["reasons"]) == 1 and place in told["reasons"][0], f"{place} to be the reason, not {told['reasons']}")


def a_new_table_elsewhere(mesh):
    """It was never published: nothing of it shows. Other changes that leave it there are no news; mended, it comes."""
    stolen = table("weather", location=f"{ELSEWHERE}/weather/")
    mesh.writes()
    mesh.make(stolen)
    expect_quarantined(mesh, "weather", f"{ELSEWHERE}/weather/")
    mesh.change({**stolen, "Description": "Not ours."})
    mesh.expect_nothing()
    expect(mesh.central("weather") is None, "no central table")
    mesh.change({**stolen, "StorageDescriptor": {**stolen["StorageDescriptor"], "Location": f"{ELSEWHERE}/co2/"}})
    expect_quarantined(mesh, "weather", f"{ELSEWHERE}/co2/")
    mesh.change(table("weather"))
    mesh.expect_told("Synced aviation_ops.weather: created", "Released aviation_ops.weather")
    mesh.expect_follows("weather")


def a_table_elsewhere_that_is_dropped(mesh):
    mesh.make(table("gusts", location="s3://somebody-else/gusts/"))
    expect_quarantined(mesh, "gusts", "s3://somebody-else/gusts/")
    mesh.drop("gusts")
    mesh.expect_told("Released aviation_ops.gusts")
    expect(mesh.central("gusts") is None, "no central table")


def a_published_table_moves_elsewhere(mesh):
    """What is published stays the last good version, whatever else changes, until it is mended."""
    good = table("runways", Description="Good.")
    mesh.make(good)
    mesh.expect_told("Synced aviation_ops.runways: created")
    bad = {**stored(good, Location=f"{ELSEWHERE}/runways/"), "Description": "Bad."}
    mesh.change(bad)
    expect_quarantined(mesh, "runways", f"{ELSEWHERE}/runways/")
    central = mesh.central("runways")
    kept = (central["Description"], central["StorageDescriptor"]["Location"])
    expect(kept == ("Good.", f"{ROOT}/ops/runways/"), f"the last good version, not {kept}")
    expect(mesh.mark("runways", "quarantined") is not None, "the mark of the quarantine")
    mesh.writes()
    mesh.change({**bad, "Description": "Worse."})
    mesh.expect_nothing()
    mesh.change(good)
    mesh.expect_told("Released aviation_ops.runways")
    mesh.change(bad)
    expect_quarantined(mesh, "runways", f"{ELSEWHERE}/runways/")
    mesh.change({**good, "Description": "Better."})
    mesh.expect_told("Released aviation_ops.runways", "Synced aviation_ops.runways: description")
    mesh.expect_follows("runways")
    expect(mesh.mark("runways", "quarantined") is None, "no mark any more")


def every_place_that_readers_follow(mesh):
    """Not the location alone: Iceberg's pointer, the template of a projection, Spark's path."""
    base = table("routes")
    mesh.make(base)
    mesh.expect_told("Synced aviation_ops.routes: created")

    def with_parameters(**parameters):
        return {**base, "Parameters": {**base["Parameters"], **parameters}}

    pointer = f"{ELSEWHERE}/metadata/00001.metadata.json"
    template = f"{ELSEWHERE}/${{day}}/"
    spark = {**base["StorageDescriptor"]["SerdeInfo"], "Parameters": {"path": f"{ELSEWHERE}/spark/"}}
    for place, bad in [
        (pointer, with_parameters(table_type="ICEBERG", metadata_location=pointer)),
        (ELSEWHERE, with_parameters(**{"projection.enabled": "true", "storage.location.template": template})),
        (f"{ELSEWHERE}/spark/", stored(base, SerdeInfo=spark)),
        (f"{ROOT}/../trellis-climate/x/", stored(base, Location=f"{ROOT}/../trellis-climate/x/")),
        ("s3://trellis-aviation-2/routes/", stored(base, Location="s3://trellis-aviation-2/routes/")),
    ]:
        mesh.change(bad)
        expect_quarantined(mesh, "routes", place)
        mesh.change(base)
        mesh.expect_told("Released aviation_ops.routes")
    mesh.expect_follows("routes")


def partitions_elsewhere(mesh):
    """The others come. A published one that moves away stays where it was; mended, all is as the producer has it."""
    mesh.make(table("stopovers", keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.stopovers: created")
    stolen = f"{ELSEWHERE}/day=2/"
    add(mesh, "stopovers", [partition("stopovers", "1"), partition("stopovers", "2", location=stolen)])
    told = mesh.expect_told("Synced aviation_ops.stopovers: partitions-added 1", "Quarantined aviation_ops.stopovers")
    reasons = next(data["reasons"] for data in told if "reasons" in data)
    expect(len(reasons) == 1 and stolen in reasons[0], f"{stolen} to be the reason, not {reasons}")
    there = partitions_of(mesh.hub, "aviation_ops", "stopovers")
    expect([values for values, *_ in there] == [("1",)], f"the partition 1 alone, not {there}")
    change(mesh, "stopovers", [partition("stopovers", "1", location=f"{ELSEWHERE}/day=1/")])
    told = mesh.expect_told("Quarantined aviation_ops.stopovers")
    expect(len(told[0]["reasons"]) == 2, f"two reasons, not {told}")
    expect(partitions_of(mesh.hub, "aviation_ops", "stopovers") == there, "the partition 1 where it was")
    change(mesh, "stopovers", [partition("stopovers", "1")])
    mesh.expect_told()
    change(mesh, "stopovers", [partition("stopovers", "2")])
    mesh.expect_told("Synced aviation_ops.stopovers: partitions-added 1", "Released aviation_ops.stopovers")
    mesh.expect_follows("stopovers")
    add(mesh, "stopovers", [partition("stopovers", "3", location=stolen)])
    mesh.expect_told("Quarantined aviation_ops.stopovers")
    drop(mesh, "stopovers", [["3"]])
    mesh.expect_told("Released aviation_ops.stopovers")
    mesh.expect_follows("stopovers")


HAPPENINGS = [
    a_new_table_elsewhere,
    a_table_elsewhere_that_is_dropped,
    a_published_table_moves_elsewhere,
    every_place_that_readers_follow,
    partitions_elsewhere,
]
