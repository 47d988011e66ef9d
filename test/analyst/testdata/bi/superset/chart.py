"""Connects Apache Superset to an archive: a database, a dataset for each of
RELATIONS, and over calls a chart of calls and users by day and grade, all made
and read through Superset's own REST API. ROWS and SAMPLES are written, as JSON:
the chart's rows, and how many rows each dataset shows. CLICKHOUSE_* say where;
FROM and TO are days, TO not included; HOME_DIR is a folder for Superset's own
data."""

import datetime
import json
import os
import threading
from urllib.parse import quote

import requests

ENV = os.environ
CONFIG = os.path.join(ENV["HOME_DIR"], "superset_config.py")


def configure():
    """Writes the configuration, which importing Superset reads."""
    with open(CONFIG, "w") as f:
        f.write(
            "SECRET_KEY = 'of a test, and gone when the test ends'\n"
            f"SQLALCHEMY_DATABASE_URI = 'sqlite:///{ENV['HOME_DIR']}/superset.db'\n"
            "WTF_CSRF_ENABLED = False\n"
            "RATELIMIT_ENABLED = False\n"
            "TALISMAN_ENABLED = False\n"
        )
    ENV["SUPERSET_CONFIG_PATH"] = CONFIG


def start():
    """Makes the metadata database and an administrator; serves on a free port."""
    from flask_migrate import upgrade
    from werkzeug.serving import make_server

    import superset
    from superset.app import create_app
    from superset.extensions import security_manager as sm

    app = create_app()
    with app.app_context():
        upgrade(directory=os.path.join(os.path.dirname(superset.__file__), "migrations"))
        app.appbuilder.add_permissions(update_perms=True)
        sm.sync_role_definitions()
        sm.add_user("admin", "An", "Admin", "admin@example.com", sm.find_role("Admin"), password="admin")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.port}/api/v1/"


class Client:
    """Superset's REST API, as its administrator."""

    def __init__(self, base):
        self.base, self.session = base, requests.Session()
        token = self.post("security/login", {"username": "admin", "password": "admin", "provider": "db"})["access_token"]
        self.session.headers["Authorization"] = "Bearer " + token

    def post(self, path, body):
        return self.answer(self.session.post(self.base + path, json=body))

    def get(self, path):
        return self.answer(self.session.get(self.base + path))

    @staticmethod
    def answer(response):
        if response.status_code not in (200, 201):
            raise SystemExit(f"{response.url}: {response.status_code} {response.text}")
        return response.json()


def chart(dataset):
    """A chart of calls and users by day and grade."""
    day = {"columnType": "BASE_AXIS", "expressionType": "SQL", "label": "day", "sqlExpression": "created_at", "timeGrain": "P1D"}
    metrics = ["count", {"expressionType": "SQL", "label": "users", "sqlExpression": "sum(users)"}]
    query = {
        "columns": [day, "grade"],
        "metrics": metrics,
        "filters": [{"col": "created_at", "op": "TEMPORAL_RANGE", "val": f"{ENV['FROM']} : {ENV['TO']}"}],
        "orderby": [["grade", True]],
        "row_limit": 1000,
    }
    source = {"id": dataset, "type": "table"}
    return {
        "slice_name": "Calls by day and grade",
        "viz_type": "table",
        "datasource_id": dataset,
        "datasource_type": "table",
        "params": json.dumps({"viz_type": "table", "groupby": ["grade"], "metrics": metrics}),
        "query_context": json.dumps({"datasource": source, "queries": [query], "result_format": "json", "result_type": "full", "force": True}),
    }


def samples(api, dataset):
    """How many rows a dataset shows, at most 10."""
    query = {"columns": [], "metrics": [], "filters": [], "row_limit": 10}
    ask = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "result_format": "json", "result_type": "samples", "force": True}
    return len(api.post("chart/data", ask)["result"][0]["data"])


def write(path, what):
    with open(path, "w") as f:
        json.dump(what, f)


def main():
    configure()
    api = Client(start())
    user, password = quote(ENV["CLICKHOUSE_USER"], ""), quote(ENV["CLICKHOUSE_PASSWORD"], "")
    uri = f"clickhousedb://{user}:{password}@{ENV['CLICKHOUSE_HOST']}:{ENV['CLICKHOUSE_PORT']}/trtc"
    database = api.post("database/", {"database_name": "callvault", "sqlalchemy_uri": uri})["id"]
    datasets = {}
    for relation in ENV["RELATIONS"].split(","):
        datasets[relation] = api.post("dataset/", {"database": database, "schema": "trtc", "table_name": relation})["id"]
    write(ENV["SAMPLES"], {relation: samples(api, dataset) for relation, dataset in datasets.items()})
    made = api.post("chart/", chart(datasets["calls"]))["id"]
    data = api.get(f"chart/{made}/data/")["result"][0]["data"]
    days = [datetime.datetime.fromtimestamp(r["day"] / 1000, datetime.UTC).strftime("%Y-%m-%d") for r in data]
    write(ENV["ROWS"], [[day, r["grade"], r["count"], r["users"]] for day, r in zip(days, data)])


main()
