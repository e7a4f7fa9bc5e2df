import { beforeEach, describe, expect, test } from "bun:test";
import { type Watchers, watchHttp, watchSlots } from "../../../src/ops/events.ts";
import { createLog } from "../../../src/ops/log.ts";
import { Metrics } from "../../../src/ops/metrics.ts";
import { newReference } from "../../../src/ops/reference.ts";
import type { Refusal } from "../../../src/slot/refusal.ts";

const served = { domain: "example.org", host: "upload.example.org" };
const requester = { bareJid: "alice@example.org", domain: "example.org" };
const request = { filename: "a.txt", size: 7, contentType: undefined, purpose: "profile" } as const;
const slot = { putUrl: "https://h/t/a.txt?X-Amz-Signature=s", getUrl: "https://h/t/a.txt" };

let lines: Record<string, unknown>[];
let clock: number;
let watchers: Watchers;
let metrics: Metrics;

beforeEach(() => {
  lines = [];
  clock = 0;
  metrics = new Metrics();
  const log = createLog({ level: "debug", format: "json" }, (line) => lines.push(JSON.parse(line)));
  watchers = { log: log.logger, metrics, monotonic: () => clock, reference: () => "ref1" };
});

/** The value of a series, as Prometheus would read it. */
async function series(start: string): Promise<number | undefined> {
  const { text } = await metrics.text();
  const line = text.split("\n").find((each) => each.startsWith(`${start} `));
  return line === undefined ? undefined : Number(line.slice(start.length + 1));
}

describe("a slot request", () => {
  test("that is refused has its reference in the log and in what the requester is told", async () => {
    const refusal: Refusal = { kind: "forbidden", text: "Not you." };
    const end = watchSlots(watchers, served)(requester);
    clock = 20;
    expect(end(refusal, request)).toEqual({ kind: "forbidden", text: "Not you. Reference: ref1." });
    expect(lines).toMatchObject([
      {
        level: "info",
        ref: "ref1",
        reason: "forbidden",
        jid: "alice@example.org",
        msg: "Refused a slot. Not you.",
      },
    ]);
    expect(
      await series('slotd_slots_total{domain="example.org",purpose="profile",outcome="forbidden"}'),
    ).toBe(1);
    expect(await series('slotd_slot_seconds_sum{domain="example.org"}')).toBe(0.02);
  });

  test("that could not be read is logged and counted too", async () => {
    watchSlots(watchers, served)(requester)({ kind: "bad-size", text: "No size." }, undefined);
    expect(lines).toMatchObject([{ reason: "bad-size" }]);
    expect(await series('slotd_slots_total{domain="example.org",purpose="message",outcome="bad-size"}')).toBe(
      1,
    );
  });

  test("that gets a slot is told it as it is, and no URL is logged", async () => {
    expect(watchSlots(watchers, served)(requester)(slot, request)).toBe(slot);
    expect(JSON.stringify(lines)).not.toContain("http");
    expect(await series('slotd_slots_total{domain="example.org",purpose="profile",outcome="given"}')).toBe(1);
    expect(await series('slotd_slot_bytes_total{domain="example.org",purpose="profile"}')).toBe(7);
    expect(await series('slotd_slot_seconds_count{domain="example.org"}')).toBe(1);
  });
});

describe("an HTTP request", () => {
  const facts = (method: string) => ({ reference: "ref1", method, client: "192.0.2.1", milliseconds: 250 });

  test("is counted by method and status", async () => {
    const tell = watchHttp(watchers);
    tell({ kind: "stored", object: "01234567", size: 7, milliseconds: 5 }, facts("PUT"));
    tell({ kind: "upload-aborted", why: "aborted", object: "01234567", received: 1, size: 7 }, facts("PUT"));
    tell(
      { kind: "refused", method: "PUT", status: 403, reason: "bad-signature", object: undefined },
      facts("PUT"),
    );
    tell({ kind: "served", object: "01234567", status: 206, bytes: 3 }, facts("GET"));
    tell({ kind: "preflight", object: undefined }, facts("OPTIONS"));
    expect(await series('slotd_uploads_total{status="201"}')).toBe(1);
    expect(await series('slotd_uploads_total{status="aborted"}')).toBe(1);
    expect(await series('slotd_uploads_total{status="403"}')).toBe(1);
    expect(await series('slotd_http_refusals_total{method="PUT",reason="bad-signature"}')).toBe(1);
    expect(await series("slotd_upload_bytes_total")).toBe(7);
    expect(await series("slotd_upload_seconds_sum")).toBe(0.25);
    expect(await series('slotd_downloads_total{status="206"}')).toBe(1);
    expect(await series("slotd_download_bytes_total")).toBe(3);
    expect(await series('slotd_http_requests_total{method="OPTIONS",status="204"}')).toBe(1);
  });

  test("of slotd check, a preflight too, is counted by itself", async () => {
    const checks = { has: (object: string | undefined) => object === "01234567" };
    const tell = watchHttp({ ...watchers, checks });
    tell({ kind: "preflight", object: "01234567" }, facts("OPTIONS"));
    expect(await series('slotd_check_requests_total{status="204"}')).toBe(1);
    expect(await series('slotd_http_requests_total{method="OPTIONS",status="204"}')).toBeUndefined();
  });

  test("with an invented method makes no series of its own", async () => {
    const event = { kind: "refused", status: 405, reason: "not-allowed", object: undefined } as const;
    for (const method of ["BREW", "", "X".repeat(99)])
      watchHttp(watchers)({ ...event, method }, facts(method));
    expect(await series('slotd_http_requests_total{method="other",status="405"}')).toBe(3);
  });

  test("that is refused or fails has a line with its reference", () => {
    const tell = watchHttp(watchers);
    tell(
      { kind: "refused", method: "GET", status: 404, reason: "not-found", object: undefined },
      facts("GET"),
    );
    tell({ kind: "failed", method: "GET", object: "01234567", error: new Error("x") }, facts("GET"));
    expect(lines).toMatchObject([
      { level: "info", ref: "ref1", client: "192.0.2.1", status: 404, reason: "not-found" },
      { level: "error", ref: "ref1", object: "01234567", err: { message: "x" } },
    ]);
  });
});

test("a reference has eight letters and digits, and another one each time", () => {
  const made = new Set(
    Array.from({ length: 1000 }, () => newReference((n) => crypto.getRandomValues(new Uint8Array(n)))),
  );
  expect(made.size).toBe(1000);
  for (const reference of made) expect(reference).toMatch(/^[0-9a-hjkmnp-tv-z]{8}$/);
});
