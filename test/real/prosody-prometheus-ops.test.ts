import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { makeCertificates } from "../peers/certificates.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { leaksIn } from "../peers/leaks.ts";
import { freePorts } from "../peers/ports.ts";
import { waitUntil } from "../peers/process.ts";
import { type Prometheus, startPrometheus } from "../peers/servers/prometheus.ts";
import { startProsody } from "../peers/servers/prosody.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const host = "upload.example.test";
const secret = "a component secret";
const docs = join(import.meta.dirname, "../../docs");

let prosody: XmppServer;
let slotd: Slotd;
let prometheus: Prometheus;
let alice: XmppClient;
let ops: string;
let httpPort: number;
let tlsPort: number;
let opsPort: number;
const urls: string[] = [];

interface Change {
  readonly http?: string;
  readonly quota?: string;
}

function configured({ http = `listen = "127.0.0.1:${httpPort}"`, quota = "10MiB" }: Change = {}): string {
  return `
domains = ["example.test"]
backend = "disk"
max_file_size = 100000

[quota]
domain = "${quota}"
total = "1GiB"

[xmpp]
address = "127.0.0.1:${prosody.componentPort}"
secret = "${secret}"

[http]
${http}

[log]
level = "debug"

[ops]
listen = "127.0.0.1:${opsPort}"
socket = "slotd.sock"
`;
}

beforeAll(async () => {
  prosody = await startProsody({ components: { [host]: secret } });
  [httpPort = 0, tlsPort = 0, opsPort = 0] = await freePorts(3);
  ops = `http://127.0.0.1:${opsPort}`;
  slotd = await startSlotd({ config: configured() });
  prometheus = await startPrometheus(`127.0.0.1:${opsPort}`, join(docs, "alert-rules.yml"));
  alice = await xmppClient({
    port: prosody.c2sPort,
    domain: "example.test",
    user: "alice",
    password: "pw-alice",
  });
}, 60_000);
afterAll(async () => {
  await alice?.close();
  await prometheus?.stop();
  await slotd?.stop();
  await prosody?.stop();
}, 30_000);

async function slot(size: number): Promise<{ put: string; get: string; error: string }> {
  const request = `<request xmlns='${NS_UPLOAD}' filename='a.txt' size='${size}'/>`;
  const reply = await alice.iq("get", host, request);
  const given = reply.getChild("slot", NS_UPLOAD);
  const [put = "", get = ""] = [given?.getChild("put")?.attrs.url, given?.getChild("get")?.attrs.url];
  urls.push(...[put, get].filter((url) => url !== ""));
  const error = reply.getChild("error")?.getChildText("text") ?? "";
  return { put, get, error };
}

/** Begins an upload and goes away. */
async function abort(url: string): Promise<void> {
  const { hostname, port, pathname, search, host } = new URL(url);
  const before = slotd.process.log().split("was interrupted").length;
  const socket = connect(Number(port), hostname, () => {
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\n\r\nabc`,
      () => setTimeout(() => socket.destroy(), 50),
    );
  });
  await waitUntil("the abort", () => slotd.process.log().split("was interrupted").length > before);
}

/** Something of everything that the HTTP server and the component do. */
async function everything(): Promise<void> {
  const given = await slot(5);
  expect((await fetch(given.put, { method: "PUT", body: "hello" })).status).toBe(201);
  expect((await fetch(given.put, { method: "PUT", body: "hello" })).status).toBe(409);
  expect((await fetch(given.get)).status).toBe(200);
  expect((await fetch(given.get, { headers: { Range: "bytes=1-2" } })).status).toBe(206);
  expect((await fetch(given.get, { method: "OPTIONS" })).status).toBe(204);
  expect((await fetch(`${given.get}x`)).status).toBe(404);
  const forged = (await slot(5)).put.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  expect((await fetch(forged, { method: "PUT", body: "hello" })).status).toBe(403);
  expect((await slot(1_000_000)).error).toContain("File too large");
  await abort((await slot(1000)).put);
  expect((await fetch(`${ops}/readyz`)).status).toBe(200);
}

const scrapes = async (): Promise<number> =>
  (await prometheus.query('count_over_time(up{job="slotd"}[10m])'))[0]?.value ?? 0;

/** Waits until Prometheus has scraped so many times more. */
async function scraped(times: number): Promise<void> {
  const before = await scrapes();
  await waitUntil("scrapes", async () => (await scrapes()) >= before + times);
}

const dashboard = JSON.parse(readFileSync(join(docs, "grafana-dashboard.json"), "utf8"));
const panels: { title: string; type: string; targets?: { expr: string }[] }[] = dashboard.panels;
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

describe("Prometheus", () => {
  beforeAll(async () => {
    await scraped(2);
    await everything();
    slotd.process.signal("SIGHUP");
    await scraped(2);
    await everything();
    await scraped(2);
  }, 60_000);

  // Without TLS there is no certificate: a reload brings one, below.
  test.each(queries.filter(([, query]) => !query.includes("certificate")))(
    "the panel %s has data: %s",
    async (_, expression) => {
      const samples = await prometheus.query(forPrometheus(expression));
      expect(samples).not.toEqual([]);
      for (const { value } of samples) expect(value).toBeFinite();
    },
  );

  test("promtool finds nothing wrong with a scrape", async () => {
    const text = await (await fetch(`${ops}/metrics`)).text();
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: text,
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("promtool finds nothing wrong with the alert rules, and every one can be evaluated", async () => {
    const { status, stderr } = spawnSync("promtool", ["check", "rules", join(docs, "alert-rules.yml")], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(8);
    for (const { name, health, state } of rules) {
      // How full the disk of this machine is does not matter.
      const expected = /^SlotdDisk(Fills|Nearly)/.test(name) ? state : "inactive";
      expect({ name, health, state }).toEqual({ name, health: "ok", state: expected });
    }
  });

  test("the alerts fire for what they are for, and for nothing else", () => {
    const cases = join(import.meta.dirname, "alert-rules-cases.yml");
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", cases], { encoding: "utf8" });
    expect({ status, stdout, stderr }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("SUCCESS"),
    });
  });

  test("knows what is stored and reserved, what quotas allow, and how full the disk is", async () => {
    const value = async (expression: string) => (await prometheus.query(expression))[0]?.value;
    const message = '{domain="example.test",purpose="message"}';
    // Of what `everything` asked for, twice: one file was uploaded; one upload was forged, one broke off.
    await waitUntil("the gauges", async () => (await value(`slotd_stored_files${message}`)) === 2);
    expect(await value(`slotd_stored_bytes${message}`)).toBe(10);
    expect(await value(`slotd_reserved_files${message}`)).toBe(4);
    expect(await value(`slotd_reserved_bytes${message}`)).toBe(2010);
    for (const scope of ["domain", "total"])
      expect(await value(`slotd_quota_used_bytes{domain="example.test",scope="${scope}"}`)).toBe(2020);
    expect(await value('slotd_quota_bytes{scope="domain",when_full="refuse"}')).toBe(10 * 1024 ** 2);
    expect(await value('slotd_quota_bytes{scope="total",when_full="refuse"}')).toBe(1024 ** 3);
    const disk = `{path="${join(slotd.folder, "data")}"}`;
    const [free = 0, size = 0] = [
      await value(`slotd_disk_free_bytes${disk}`),
      await value(`slotd_disk_size_bytes${disk}`),
    ];
    expect(free).toBeGreaterThan(0);
    expect(size).toBeGreaterThan(free);
    expect(await prometheus.query("slotd_certificate_expiry_timestamp_seconds")).toEqual([]);
  });

  test("counts what happened", async () => {
    const value = async (expression: string) => (await prometheus.query(expression))[0]?.value;
    expect(await value('slotd_slots_total{outcome="given"}')).toBe(6);
    expect(await value('slotd_slots_total{outcome="too-large"}')).toBe(2);
    expect(await value('slotd_uploads_total{status="201"}')).toBe(2);
    expect(await value('slotd_uploads_total{status="aborted"}')).toBe(2);
    expect(await value("slotd_upload_bytes_total")).toBe(10);
    expect(await value("slotd_download_bytes_total")).toBe(14);
    expect(await value('slotd_downloads_total{status="404"}')).toBe(2);
    expect(await value('slotd_config_reloads_total{outcome="done"}')).toBe(1);
  });
});

describe("a user's report finds the line:", () => {
  /** The line is written when the request is over, which may be after its answer came. */
  const line = async (reference: string | undefined) => {
    expect(reference).toMatch(/^[0-9a-z]{8}$/);
    const find = () =>
      slotd.process
        .log()
        .split("\n")
        .find((each) => each.includes(`"ref":"${reference}"`));
    await waitUntil("the line", () => find() !== undefined);
    return JSON.parse(find() ?? "{}");
  };
  const referenceIn = (text: string) => /Reference: (\w+)\.$/.exec(text.trim())?.[1];

  test("the text of a stanza error has its reference", async () => {
    const { error } = await slot(1_000_000);
    expect(await line(referenceIn(error))).toMatchObject({
      jid: "alice@example.test",
      reason: "too-large",
      msg: expect.stringContaining("File too large"),
    });
  });

  test("so have the header and the text of an HTTP refusal", async () => {
    const answer = await fetch(`${(await slot(5)).get}x`);
    const reference = answer.headers.get("x-request-id") ?? "";
    expect(referenceIn(await answer.text())).toBe(reference);
    expect(await line(reference)).toMatchObject({ status: 404, reason: "not-found" });
  });

  test("and those of a failure", async () => {
    const { put, get } = await slot(5);
    await fetch(put, { method: "PUT", body: "hello" });
    const token = new URL(get).pathname.split("/")[1] ?? "";
    const objects = join(slotd.folder, "data/objects", token.slice(0, 2));
    for (const name of readdirSync(objects)) truncateSync(join(objects, name), 3);
    const answer = await fetch(get);
    expect(answer.status).toBe(500);
    expect(await line(referenceIn(await answer.text()))).toMatchObject({
      level: "error",
      object: token.slice(0, 8),
    });
  });
});

test("the component that is lost is told by /readyz, the metrics and an alert", async () => {
  await prosody.kill9();
  await waitUntil("503", async () => (await fetch(`${ops}/readyz`)).status === 503);
  const ready = await (await fetch(`${ops}/readyz`)).text();
  expect(ready).toBe(
    `not ready\ncomponent ${host}: not connected to the XMPP server; the log has the reason\n`,
  );
  expect((await fetch(`${ops}/healthz`)).status).toBe(200);
  await waitUntil("the alert", async () =>
    (await prometheus.rules()).some(
      ({ name, state }) => name === "SlotdComponentDown" && state === "pending",
    ),
  );
  await waitUntil("the count", async () => {
    const [lost] = await prometheus.query(
      'sum(increase(slotd_component_problems_total{problem="closed"}[30s]))',
    );
    return (lost?.value ?? 0) > 0;
  });
  await prosody.restart();
  await waitUntil("200", async () => (await fetch(`${ops}/readyz`)).status === 200);
}, 60_000);

test("a reload changes the gauges at once, and the alerts tell of a quota and a certificate", async () => {
  const { chain, key } = makeCertificates(slotd.folder, []);
  const http = `listen = "127.0.0.1:${tlsPort}"\ntls.cert = "${chain}"\ntls.key = "${key}"`;
  writeFileSync(join(slotd.folder, "slotd.toml"), configured({ http, quota: "1KiB" }));
  slotd.process.signal("SIGHUP");
  const state = async (alert: string) => (await prometheus.rules()).find(({ name }) => name === alert)?.state;
  await waitUntil("the alert", async () => (await state("SlotdCertificateEnds")) === "firing");
  const [end] = await prometheus.query(
    `slotd_certificate_expiry_timestamp_seconds{path="${chain}"} - time()`,
  );
  // The certificate is good for two days from when it was made.
  expect(end?.value).toBeWithin(47 * 3600, 48 * 3600 + 1);
  const [panel] = queries.filter(([, query]) => query.includes("certificate"));
  expect(await prometheus.query(forPrometheus(panel?.[1] ?? ""))).toHaveLength(1);
  await waitUntil("the alert", async () => (await state("SlotdQuotaNearlyUsed")) === "pending");
  expect(await state("SlotdTotalQuotaNearlyUsed")).toBe("inactive");
}, 60_000);

test("no secret, signature, token or URL is in the log of all this, at debug level", () => {
  const log = readFileSync(join(slotd.folder, "slotd.log"), "utf8");
  const key = JSON.parse(readFileSync(join(slotd.folder, "data/signing-keys.json"), "utf8")).keys[0];
  expect(log).toContain("Issued a slot.");
  expect(log).toContain("A request failed.");
  expect(leaksIn(log, [secret, key.secretAccessKey, "pw-alice"], urls)).toEqual([]);
});

function forPrometheus(expression: string): string {
  return expression.replaceAll("$__rate_interval", "30s").replaceAll("$job", ".*");
}
