/**
 * npm run test:ledger-chaos [-- SECONDS]: two slotd share one JID on ejabberd, one PostgreSQL and one bucket on Ceph
 * RGW. 64 requesters ask for slots, upload, upload late, twice, or not at all, while one or the other slotd or
 * PostgreSQL is killed (SIGKILL) every few seconds, for a minute. Every row that PostgreSQL ever commits is checked
 * against the quotas by a trigger. At the end, what the ledger counts, what it lists and what the bucket holds must
 * be the same.
 */
import { randomBytes } from "node:crypto";
import { ensurePackages, packagesOf } from "../../scripts/debian.ts";
import { openPostgres } from "../../src/ledger/database/postgres.ts";
import { openSqlLedger } from "../../src/ledger/sql-ledger.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { sleep, waitUntil } from "../peers/process.ts";
import { startEjabberd } from "../peers/servers/ejabberd.ts";
import { type Postgres, startPostgres } from "../peers/servers/postgres.ts";
import { type Rgw, startRgw } from "../peers/servers/rgw.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const domains = ["example.test", "example2.test"] as const;
const users = ["ann", "ben", "cat", "dan"];
/** Each user of each domain asks for so many slots at the same time: 64 requesters. */
const requestersEach = 8;
const largest = 40_000;
const quota = { user: 900_000, userFiles: 36, domain: 2_400_000 };

export interface ChaosResult {
  /** Requests by what came of them: "slot", a condition, or "no answer". */
  readonly answers: Readonly<Record<string, number>>;
  readonly uploads: number;
  readonly kills: Readonly<Record<string, number>>;
  /** Rows that were ever committed over a quota. */
  readonly violations: readonly string[];
  /** Sums that are not those of the files. */
  readonly disagreements: readonly unknown[];
  /** Tokens that are complete in the ledger and not in the bucket, and the other way round. */
  readonly onlyInLedger: readonly string[];
  readonly onlyInStore: readonly string[];
  readonly complete: number;
}

function configOf(server: XmppServer, rgw: Rgw, ledgerUrl: string): string {
  return `
domains = ["${domains.join('", "')}"]
expiration_time = 3
retention = "15s"
[xmpp]
address = "127.0.0.1:${server.componentPort}"
secret = "s3cret"
[s3]
bucket_url = "${rgw.bucketUrl}"
region = "${rgw.region}"
access_key_id = "${rgw.accessKeyId}"
secret_access_key = "${rgw.secretAccessKey}"
[ledger]
url = "${ledgerUrl}"
[quota]
user = ${quota.user}
user_files = ${quota.userFiles}
domain = ${quota.domain}
[rate]
slots_per_minute = 600
burst = 20
[domain."example2.test".quota]
when_full = "delete-oldest"
`;
}

/**
 * Notes every account that is committed over a quota, whoever writes it. Where the oldest files are deleted, complete
 * files are within it, and reserved ones too.
 */
const watchdog = `
CREATE TABLE violations (what TEXT);
CREATE FUNCTION note_violation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (NEW.domain = '${domains[0]}' AND (
      (NEW.jid <> '' AND (NEW.bytes > ${quota.user} OR NEW.files > ${quota.userFiles}))
      OR (NEW.jid = '' AND NEW.bytes > ${quota.domain})))
    OR (NEW.domain = '${domains[1]}' AND (
      (NEW.jid <> '' AND (GREATEST(NEW.bytes - NEW.reserved_bytes, NEW.reserved_bytes) > ${quota.user}
        OR GREATEST(NEW.files - NEW.reserved_files, NEW.reserved_files) > ${quota.userFiles}))
      OR (NEW.jid = '' AND GREATEST(NEW.bytes - NEW.reserved_bytes, NEW.reserved_bytes) > ${quota.domain})))
    OR NEW.bytes < 0 OR NEW.files < 0 OR NEW.reserved_bytes < 0 OR NEW.reserved_files < 0
  THEN INSERT INTO violations VALUES (NEW.domain || ' ' || NEW.jid || ' ' || NEW.bytes || ' ' || NEW.files); END IF;
  RETURN NEW; END $$;
CREATE TRIGGER note_violation AFTER INSERT OR UPDATE ON slotd_accounts FOR EACH ROW EXECUTE FUNCTION note_violation();`;

/** Runs for so many seconds; then waits until everything is settled, and compares. */
export async function ledgerChaos(seconds: number): Promise<ChaosResult> {
  const running: { stop(): Promise<void> }[] = [];
  const started = async <Part extends { stop(): Promise<void> }>(part: Promise<Part>): Promise<Part> => {
    const item = await part;
    running.unshift(item);
    return item;
  };
  try {
    const postgres = await started(startPostgres());
    const rgw = await started(startRgw());
    const components = Object.fromEntries(domains.map((domain) => [`upload.${domain}`, "s3cret"]));
    const server = await started(startEjabberd({ components, domains, users }));
    const url = await postgres.makeDatabase("ledger");
    const ledger = await openSqlLedger(openPostgres(url, { lost: () => undefined }), {
      now: () => new Date(),
    });
    running.unshift({ stop: () => ledger.close() });
    await postgres.psql("ledger", watchdog);
    const service = new Service(server, rgw, postgres, url);
    running.unshift(service);
    await service.start();
    const load = await startLoad(server);
    const kills = await service.killAtRandom(seconds);
    const { answers, uploads } = await load.stop();
    await settled(postgres);
    const complete = await postgres.psql("ledger", "SELECT token FROM slotd_files WHERE state = 1");
    const tokens = new Set(complete.split("\n").filter((line) => line !== ""));
    const files = (await rgw.listKeys()).filter((key) => key !== "slotd-store-identity.json");
    const stored = new Set(files.map((key) => key.split("/")[0] ?? ""));
    return {
      ...{ answers, uploads, kills, complete: tokens.size },
      violations: (await postgres.psql("ledger", "SELECT what FROM violations")).split("\n").filter(Boolean),
      disagreements: await ledger.audit(),
      onlyInLedger: [...tokens].filter((token) => !stored.has(token)),
      onlyInStore: [...stored].filter((token) => !tokens.has(token)),
    };
  } finally {
    for (const part of running) await part.stop();
  }
}

/**
 * Until no reservation is open and nothing is to be removed by now; what was removed stays pending deletion for a day.
 */
async function settled(postgres: Postgres): Promise<void> {
  const open = `SELECT count(*) FROM slotd_files WHERE state = 0
    OR (state = 3 AND due_at <= extract(epoch FROM now()) * 1000)`;
  await waitUntil(
    "the ledger to be settled",
    async () => (await postgres.psql("ledger", open)) === "0",
    45_000,
  );
}

/** The two slotd and their database, to be killed and started again. */
class Service {
  readonly #postgres: Postgres;
  readonly #config: string;
  readonly #slotds: (Slotd | undefined)[] = [undefined, undefined];

  constructor(server: XmppServer, rgw: Rgw, postgres: Postgres, url: string) {
    this.#postgres = postgres;
    this.#config = configOf(server, rgw, url);
  }

  async start(): Promise<void> {
    await Promise.all([this.#startSlotd(0), this.#startSlotd(1)]);
  }

  /** @returns how often each was killed. All run at the end. */
  async killAtRandom(seconds: number): Promise<Record<string, number>> {
    const kills: Record<string, number> = { "slotd 1": 0, "slotd 2": 0, PostgreSQL: 0 };
    const victims = ["slotd 1", "slotd 2", "PostgreSQL"];
    const end = performance.now() + seconds * 1000;
    for (let turn = 0; performance.now() < end; turn += 1) {
      await sleep(800 + Math.random() * 1_700);
      // Each of them before any of them again, so that a short run kills all; in any order.
      if (turn % 3 === 0) victims.sort(() => Math.random() - 0.5);
      const victim = victims[turn % 3] ?? "";
      kills[victim] = (kills[victim] ?? 0) + 1;
      await (victim === "PostgreSQL" ? this.#killPostgres() : this.#killSlotd(victim === "slotd 1" ? 0 : 1));
    }
    return kills;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#slotds.map((slotd) => slotd?.stop()));
  }

  async #killPostgres(): Promise<void> {
    await this.#postgres.kill9();
    await sleep(Math.random() * 1_000);
    await this.#postgres.restart();
  }

  async #killSlotd(index: 0 | 1): Promise<void> {
    const slotd = this.#slotds[index];
    await slotd?.process.kill9();
    await slotd?.stop();
    await sleep(Math.random() * 500);
    await this.#startSlotd(index);
  }

  async #startSlotd(index: 0 | 1): Promise<void> {
    this.#slotds[index] = await startSlotd({ config: this.#config, components: domains.length });
  }
}

interface Load {
  stop(): Promise<{ readonly answers: Record<string, number>; readonly uploads: number }>;
}

async function startLoad(server: XmppServer): Promise<Load> {
  const state = { isStopping: false, answers: {} as Record<string, number>, uploads: 0 };
  const clients: XmppClient[] = [];
  const requesters: Promise<void>[] = [];
  for (const domain of domains) {
    for (const user of users) {
      const client = await xmppClient({ port: server.c2sPort, domain, user, password: `pw-${user}` });
      clients.push(client);
      for (let i = 0; i < requestersEach; i += 1) requesters.push(live(client, `upload.${domain}`, state));
    }
  }
  return {
    async stop() {
      state.isStopping = true;
      await Promise.all(requesters);
      for (const client of clients) await client.close();
      return state;
    },
  };
}

async function live(
  client: XmppClient,
  host: string,
  state: { readonly isStopping: boolean; readonly answers: Record<string, number>; uploads: number },
): Promise<void> {
  while (!state.isStopping) {
    const size = Math.floor(Math.random() * largest);
    const request = `<request xmlns='${NS_UPLOAD}' filename='très cool.bin' size='${size}'/>`;
    const reply = await client.iq("get", host, request, 4_000).catch(() => undefined);
    const url = reply?.getChild("slot", NS_UPLOAD)?.getChild("put")?.attrs.url;
    const condition = reply?.getChild("error")?.getChildElements()[0]?.name;
    const answer = url === undefined ? (condition ?? "no answer") : "slot";
    state.answers[answer] = (state.answers[answer] ?? 0) + 1;
    const uploads = url === undefined ? 0 : await useSlot(url, size);
    state.uploads += uploads;
    await sleep(100 + Math.random() * 300);
  }
}

/** Uploads at once, late, twice, or not at all. Gives how many uploads the store took. */
async function useSlot(url: string, size: number): Promise<number> {
  const put = async (): Promise<number> => {
    const answer = await fetch(url, { method: "PUT", body: randomBytes(size) }).catch(() => undefined);
    return answer?.ok ? 1 : 0;
  };
  const choice = Math.random();
  if (choice < 0.25) return 0;
  if (choice < 0.35) return (await put()) + (await put());
  if (choice < 0.5) await sleep(Math.random() * 3_500);
  return put();
}

if (import.meta.main) {
  const seconds = Number(process.argv[2] ?? 60);
  const parts = ["ejabberd", "rgw", "postgres"] as const;
  const lacking = await ensurePackages(parts.flatMap((part) => packagesOf[part]));
  if (lacking !== undefined) {
    console.error(lacking);
    process.exit(1);
  }
  const result = await ledgerChaos(seconds);
  console.log(result);
  const { violations, disagreements, onlyInLedger, onlyInStore } = result;
  const faults = violations.length + disagreements.length + onlyInLedger.length + onlyInStore.length;
  console.log(faults === 0 ? "Ledger and store agree, and no quota was ever exceeded." : "FAILED");
  process.exit(faults === 0 ? 0 : 1);
}
