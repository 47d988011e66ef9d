// Asks Cube for calls and users by day and grade: the data model in MODEL is
// compiled, Cube writes the SQL, Cube's driver runs it. The rows go to ROWS, as
// JSON. CUBEJS_DB_* say where; FROM and TO are days, both included.
const fs = require("fs");
const path = require("path");
const { prepareCompiler, createQuery } = require("@cubejs-backend/schema-compiler");
const { ClickHouseDriver } = require("@cubejs-backend/clickhouse-driver");

const { MODEL, ROWS, FROM, TO } = process.env;
const repository = {
  localPath: () => path.dirname(MODEL),
  dataSchemaFiles: async () => [{ fileName: path.basename(MODEL), content: fs.readFileSync(MODEL, "utf8") }],
};
// Templates in a model need a native module, which Cube downloads from where
// its sources are. This model has none.
const nativeInstance = { newJinjaEngine: () => ({}) };

async function main() {
  const compilers = prepareCompiler(repository, { nativeInstance });
  await compilers.compiler.compile();
  const query = createQuery(compilers, "clickhouse", {
    measures: ["calls.count", "calls.users"],
    dimensions: ["calls.grade"],
    timeDimensions: [{ dimension: "calls.created_at", granularity: "day", dateRange: [FROM, TO] }],
    order: [{ id: "calls.created_at", desc: false }, { id: "calls.grade", desc: false }],
    timezone: "UTC",
  });
  const [sql, params] = query.buildSqlAndParams();
  const driver = new ClickHouseDriver();
  try {
    await driver.testConnection();
    const rows = await driver.query(sql, params);
    fs.writeFileSync(ROWS, JSON.stringify(rows.map((r) => [
      r.calls__created_at_day.slice(0, 10), r.calls__grade, r.calls__count, r.calls__users,
    ])));
  } finally {
    await driver.release();
  }
}

main().catch((e) => {
  console.error(e);
  process.exitCode = 1;
});
