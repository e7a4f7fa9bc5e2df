import { expect, test } from "bun:test";
import { crashTest } from "../peers/crash.ts";
import { freePorts } from "../peers/ports.ts";

test("a bucket that is killed at any moment keeps every file that it said it has, and nothing else", async () => {
  const [port = 0] = await freePorts(1);
  const report = await crashTest(20, 363, port);
  expect(report.kills).toBe(20);
  // The uploads were really broken off, and some were over before that.
  expect(report.acknowledged).toBeGreaterThan(20);
  expect(report.leftovers).toBeGreaterThan(5);
}, 60_000);
