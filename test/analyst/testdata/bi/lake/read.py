"""Reads exported folders with each reader, as they stand.

PARQUET and CSV are the folders. RELATIONS is a file of JSON with the rows and the
ClickHouse types of the columns of each relation. What each reader makes of calls
by UTC day and grade goes into ROWS.
"""

import datetime
import glob
import json
import os
import re

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

LAKE, CSV = os.environ["PARQUET"], os.environ["CSV"]
KEY = "utc_day"  # what the folders of days are named by
MANY = 500_000  # rows that take minutes to read as CSV; other relations have their types, too
WANTED = {
    "String": "text", "Bool": "bool", "Date": "date", "DateTime('UTC')": "time", "DateTime64(3, 'UTC')": "time",
    "Float32": "float", "Float64": "double", **{f"{u}Int{n}": f"{u.lower()}int{n}" for u in ("", "U") for n in (8, 16, 32, 64)},
}


def database():
    """A DuckDB without extensions and settings of the machine."""
    return duckdb.connect(config={"autoinstall_known_extensions": False, "TimeZone": "UTC"})


def parquet_readers(folder):
    """All the ways to read a folder of Parquet, each to a table of Arrow."""
    days = f"{folder}/*/*.parquet"
    duck = lambda sql: database().sql(sql).to_arrow_table()
    return {
        "pandas": lambda: pyarrow.Table.from_pandas(pandas.read_parquet(folder), preserve_index=False),
        "pyarrow dataset": lambda: pyarrow.dataset.dataset(folder, partitioning="hive").to_table(),
        "pyarrow read_table": lambda: pyarrow.parquet.read_table(folder),
        "polars scan folder": lambda: polars.scan_parquet(folder, hive_partitioning=True).collect().to_arrow(),
        "polars scan glob": lambda: polars.scan_parquet(days, hive_partitioning=True).collect().to_arrow(),
        "polars read folder": lambda: polars.read_parquet(folder).to_arrow(),
        "polars read glob": lambda: polars.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).to_arrow(),
        "duckdb": lambda: duck(f"SELECT * FROM read_parquet('{days}', hive_partitioning = true)"),
        "duckdb glob": lambda: duck(f"SELECT * FROM '{folder}/**/*.parquet'"),
    }


def csv_readers(folder, columns):
    """The same of CSV, where the readers guess types: they are told of text, which
    may look like numbers, and pandas of times."""
    days = f"{folder}/*/*.csv"
    texts = [name for name, kind in columns.items() if wanted(kind) == "text"]
    times = [name for name, kind in columns.items() if wanted(kind) in ("time", "date")]
    in_polars = {"try_parse_dates": True, "infer_schema_length": 10_000, "schema_overrides": dict.fromkeys(texts, polars.String)}
    in_pandas = lambda: pandas.concat(pandas.read_csv(f, dtype=dict.fromkeys(texts, str), parse_dates=times) for f in sorted(glob.glob(days)))
    told = f", types = {dict.fromkeys(texts, 'VARCHAR')}" if texts else ""
    in_duckdb = f"SELECT * FROM read_csv('{days}', hive_partitioning = true{told})"
    return {
        "pandas csv": lambda: pyarrow.Table.from_pandas(in_pandas(), preserve_index=False),
        "polars csv folder": lambda: polars.scan_csv(folder, **in_polars).collect().to_arrow(),
        "polars csv glob": lambda: polars.scan_csv(days, **in_polars).collect().to_arrow(),
        "duckdb csv": lambda: database().sql(in_duckdb).to_arrow_table(),
    }


def plain(t):
    """The type of a column, without what differs among readers and means the same."""
    if pyarrow.types.is_dictionary(t):
        return plain(t.value_type)
    if pyarrow.types.is_string(t) or pyarrow.types.is_large_string(t) or pyarrow.types.is_string_view(t):
        return "text"
    if pyarrow.types.is_list(t) or pyarrow.types.is_large_list(t):
        return f"list of {plain(t.value_type)}"
    if pyarrow.types.is_timestamp(t):
        return "time" if t.tz else "time without zone"
    return "date" if pyarrow.types.is_date32(t) else str(t)


def wanted(kind):
    """The type that a column of a ClickHouse type should have."""
    if m := re.fullmatch(r"(Nullable|LowCardinality|Array)\((.*)\)", kind):
        return ("list of " if m[1] == "Array" else "") + wanted(m[2])
    return WANTED[kind]


def is_as(reader, found, kind):
    """Whether a type is that of the column. Frames of pandas, by default, hold
    numbers that may be missing as floats, and do not say what empty lists are of."""
    loose = {"double"} if kind.startswith("Nullable(") and "Int" in kind else {"list of null"} if kind.startswith("Array(") else set()
    return found == wanted(kind) or reader == "pandas" and found in loose


def check_parquet(relation, rows, columns):
    for reader, read in parquet_readers(f"{LAKE}/{relation}").items():
        table = read()
        names = table.schema.names
        assert len(set(names)) == len(names), f"{reader}: {relation}: names that come twice"
        found = {f.name: plain(f.type) for f in table.schema}
        key = found.pop(KEY)
        assert key == ("date" if reader.startswith(("polars", "duckdb")) else "text"), f"{reader}: {relation}: {KEY} is {key}"
        assert found.keys() == columns.keys(), f"{reader}: {relation}: {found.keys() ^ columns.keys()}"
        differ = {n: (t, columns[n]) for n, t in found.items() if not is_as(reader, t, columns[n])}
        assert not differ, f"{reader}: {relation}: found, wanted: {differ}"
        assert table.num_rows == rows, f"{reader}: {relation}: {table.num_rows} rows, want {rows}"


def check_csv(relation, rows, columns):
    for reader, read in csv_readers(f"{CSV}/{relation}", columns).items():
        table = read()
        assert set(table.schema.names) - {KEY} == set(columns), f"{reader}: {relation}: {table.schema.names}"
        assert table.num_rows == rows, f"{reader}: {relation}: {table.num_rows} rows, want {rows}"


def check_discovery(root, relation, columns):
    """Spark's discovery of partitions: below the folder are folders KEY=value that
    hold files of data, whatever is hidden (a dot or an underscore) or not."""
    assert KEY not in {c.lower() for c in columns} and len({c.lower() for c in columns}) == len(columns), f"{relation}: {KEY} is a column, or a name comes twice"
    ending = {LAKE: "parquet", CSV: "csv"}[root]
    for at, folders, files in os.walk(f"{root}/{relation}"):
        if at == f"{root}/{relation}":
            assert folders and not files, f"{relation}: {files} beside the days"
            for f in folders:
                key, _, value = f.partition("=")
                assert key == KEY and datetime.date.fromisoformat(value), f"{relation}: {f}"
            continue
        assert not folders and files == [f"{relation}.{ending}"], f"{at}: {folders} {files}"


def by_day_and_grade(table):
    """Calls and users by UTC day and grade."""
    frame = polars.from_arrow(table.select(["created_at", "grade", "users"])).group_by(polars.col("created_at").dt.date().alias("day"), polars.col("grade").cast(polars.String))
    return [[str(day), *rest] for day, *rest in frame.agg(polars.len(), polars.col("users").sum()).rows()]


def main():
    with open(os.environ["RELATIONS"]) as f:
        relations = json.load(f)
    for relation, r in relations.items():
        for root in (LAKE, CSV):
            check_discovery(root, relation, r["Columns"])
        check_parquet(relation, r["Rows"], r["Columns"])
        if r["Rows"] < MANY:
            check_csv(relation, r["Rows"], r["Columns"])
    readers = parquet_readers(f"{LAKE}/calls") | csv_readers(f"{CSV}/calls", relations["calls"]["Columns"])
    with open(os.environ["ROWS"], "w") as f:
        json.dump({name: by_day_and_grade(read()) for name, read in readers.items()}, f)


main()
