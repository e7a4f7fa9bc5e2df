import { afterEach, beforeEach, expect, test } from "bun:test";
import { Metrics } from "../../../src/ops/metrics.ts";
import { type OpsServer, startOpsServer } from "../../../src/ops/ops-server.ts";
import { followProcess } from "../../../src/ops/process-metrics.ts";
import type { ReadyCheck } from "../../../src/ops/ready-checks.ts";

let server: OpsServer;
let metrics: Metrics;
let checks: ReadyCheck[];

beforeEach(async () => {
  metrics = new Metrics();
  checks = [];
  const listen = { host: "127.0.0.1", port: 0 };
  server = await startOpsServer({ listen, metrics, checks: () => checks });
});
afterEach(() => server.stop());

const get = async (path: string, method = "GET") => {
  const response = await fetch(`http://127.0.0.1:${server.address.port}${path}`, { method });
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
};

test("/healthz is well while the process answers", async () => {
  expect(await get("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
});

test("/readyz is ready when every check is well, and else says each reason", async () => {
  checks = [{ name: "component a", check: async () => undefined }];
  expect(await get("/readyz")).toMatchObject({ status: 200, text: "ready\n" });
  checks.push(
    { name: "component b", check: async () => "not connected" },
    { name: "ledger", check: () => Promise.reject(new Error("refused")) },
  );
  expect(await get("/readyz")).toMatchObject({
    status: 503,
    text: "not ready\ncomponent b: not connected\nledger: refused\n",
  });
  const { text } = await metrics.text();
  expect(text).toContain('slotd_ready_check_up{check="component a"} 1');
  expect(text).toContain('slotd_ready_check_up{check="ledger"} 0');
});

test("/readyz does not wait for a check that hangs", async () => {
  checks = [{ name: "bucket", check: () => new Promise(() => undefined) }];
  expect(await get("/readyz")).toMatchObject({
    status: 503,
    text: "not ready\nbucket: no response within 2 s\n",
  });
});

test("slotd_ready_check_up follows the checks although nobody asks for /readyz, and forgets those that are gone", async () => {
  let isUp = true;
  const checks: ReadyCheck[] = [
    { name: "component a", check: async () => (isUp ? undefined : "not connected") },
    { name: "component b", check: async () => undefined },
  ];
  const listen = { host: "127.0.0.1", port: 0 };
  const own = new Metrics();
  const watched = await startOpsServer({ listen, metrics: own, checks: () => checks, lookEvery: 5 });
  const up = async () => (await own.text()).text.match(/^slotd_ready_check_up.*$/gm) ?? [];
  const becomes = async (lines: readonly string[]) => {
    while ((await up()).join("\n") !== lines.join("\n"))
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  try {
    await becomes([
      'slotd_ready_check_up{check="component a"} 1',
      'slotd_ready_check_up{check="component b"} 1',
    ]);
    isUp = false;
    checks.pop();
    await becomes(['slotd_ready_check_up{check="component a"} 0']);
  } finally {
    await watched.stop();
  }
});

test("/metrics has the process, in Prometheus' format", async () => {
  followProcess(metrics);
  const { status, text, type } = await get("/metrics");
  expect([status, type]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
  expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(value("process_open_fds")).toBeGreaterThan(3);
  expect(value("process_max_fds")).toBeGreaterThan(value("process_open_fds"));
  expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(Math.abs(value("process_start_time_seconds") - Date.now() / 1000)).toBeLessThan(600);
});

test("anything else is refused", async () => {
  expect((await get("/")).status).toBe(404);
  expect((await get("/metrics", "POST")).status).toBe(405);
});

test("what is measured is measured again and again, and at once when it has changed", async () => {
  let measured = 0;
  const until = async (count: number) => {
    while (measured < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const measure = async () => {
    measured += 1;
  };
  const options = { listen: { host: "127.0.0.1", port: 0 }, metrics: new Metrics(), checks: () => [] };
  const often = await startOpsServer({ ...options, measure, lookEvery: 5 });
  await until(3).finally(() => often.stop());
  measured = 0;
  const seldom = await startOpsServer({ ...options, measure, lookEvery: 3_600_000 });
  try {
    await until(1);
    seldom.look();
    await until(2);
  } finally {
    await seldom.stop();
  }
});
