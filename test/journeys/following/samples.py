"""What a pipeline writes into its Glue catalog."""

ROOT = "s3://trellis-aviation"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def column(name, kind="string", label="public", comment=None):
    made = {"Name": name, "Type": kind, "Parameters": {"trellis.classification": label}}
    return {**made, "Comment": comment} if comment else made


def table(name, *columns, keys=(), location=None, parameters=None, **more):
    """A table of Parquet files; without columns it has two."""
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", **(parameters or {})},
        "PartitionKeys": list(keys),
        "StorageDescriptor": {
            "Columns": list(columns) or [column("origin"), column("delay", "int")],
            "Location": location or f"{ROOT}/ops/{name.lower()}/",
            "InputFormat": f"{PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{PARQUET}.serde.ParquetHiveSerDe"},
        },
        **more,
    }


def stored(input, **members):
    """The table, with other members of its storage."""
    return {**input, "StorageDescriptor": {**input["StorageDescriptor"], **members}}


def partition(name, *values, location=None, parameters=None):
    """A partition of a table of one key `day`, or with the location given."""
    made = {"Values": list(values), "StorageDescriptor": {"Location": location or f"{ROOT}/ops/{name}/day={values[0]}/"}}
    return {**made, "Parameters": parameters} if parameters else made


def batches(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]
