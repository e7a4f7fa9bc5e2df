import { expect, test } from "bun:test";
import type { Discovery } from "../../../../src/check/xmpp/discovery.ts";
import type { OwnRequests } from "../../../../src/check/xmpp/own-requests.ts";
import { type SeenContext, seenChecks } from "../../../../src/check/xmpp/seen-checks.ts";
import { loadConfig } from "../../../../src/config/load.ts";

const loaded = loadConfig({
  file: undefined,
  env: {
    SLOTD_DOMAINS: "example.org",
    SLOTD_BACKEND: "disk",
    SLOTD_XMPP_SECRET: "s",
    SLOTD_DISK_PATH: "/tmp/x",
  },
  cwd: "/",
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const [domain] = loaded.config.domains;

async function find(requests: Partial<OwnRequests>, discovery: Partial<Discovery> | "not looked at" = {}) {
  const context = {
    domain,
    hosts: ["upload.example.org", "upload.example.net"],
    seen: {
      requests: {
        sent: 56,
        arrived: 56,
        answered: 56,
        others: [],
        roundTrip: 1,
        heldTo: undefined,
        ...requests,
      },
      discovery:
        typeof discovery === "string"
          ? undefined
          : { isListed: true, others: [], silent: [], notAsked: 0, ...discovery },
    },
  } as SeenContext;
  const findings = await Promise.all(seenChecks.map(async ({ run }) => run(context)));
  return findings.map(({ level }) => level);
}

test("what was seen through the server is judged", async () => {
  expect(await find({})).toEqual(["ok", "ok", "ok"]);
  expect(await find({ arrived: 30, others: ["slotd"] }, "not looked at")).toEqual(["ok", "ok", "skipped"]);
  expect(await find({ arrived: 30, others: ["slotd", "other"] })).toEqual(["wrong", "ok", "ok"]);
  expect(await find({ arrived: 30 })).toEqual(["wrong", "ok", "ok"]);
  expect(await find({ arrived: 0, roundTrip: undefined })).toEqual(["warn", "skipped", "ok"]);
  expect(await find({ heldTo: 50_000 })).toEqual(["ok", "warn", "ok"]);
  expect(await find({ heldTo: 1_000, arrived: 40 })).toEqual(["skipped", "warn", "ok"]);
  expect(await find({}, { isListed: undefined, reason: "forbidden" })).toEqual(["ok", "ok", "skipped"]);
  expect(await find({}, { isListed: false })).toEqual(["ok", "ok", "wrong"]);
  expect(await find({}, { others: ["files.example.org"] })).toEqual(["ok", "ok", "warn"]);
  // Another component of this configuration is no other service: it says itself whom it serves.
  expect(await find({}, { others: ["upload.example.net"] })).toEqual(["ok", "ok", "ok"]);
});
