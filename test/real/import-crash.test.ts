import { expect, test } from "bun:test";
import { importCrashTest } from "../peers/import-crash.ts";

test("an import that is killed at any moment is completed by the next run, each file once", async () => {
  const report = await importCrashTest(10, 300, 363);
  expect(report.kills).toBeGreaterThan(5);
  expect(report.killsMidway).toBeGreaterThan(2);
}, 60_000);
