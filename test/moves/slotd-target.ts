import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FormerKindName } from "../../src/address/former-kinds.ts";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder, runToEnd, startProcess } from "../peers/process.ts";
import type { Rgw } from "../peers/servers/rgw.ts";
import { slotdUnderTest, withoutXmpp } from "../peers/slotd.ts";

/** Where slotd keeps the files after a move. */
export type Backend = { readonly name: "disk" } | { readonly name: "RGW"; readonly rgw: Rgw };

/** Where the files of a former service are, and what its URLs begin with. */
export interface FormerFiles {
  readonly kind: FormerKindName;
  readonly folder: string;
  readonly urls: readonly string[];
}

/** A running slotd that is to take the place of a former service. */
export interface SlotdTarget {
  /** Its HTTP server on loopback, without TLS. */
  readonly port: number;
  readonly folder: string;
  /** The server blocks for nginx that `slotd import` has printed. */
  readonly nginxLines: string;
  /** Runs a command of slotd with this configuration to its end. @throws {Error} with its output when it fails. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const domain = "example.test";

function storeLines(backend: Backend): string {
  if (backend.name === "disk") return `backend = "disk"\n[disk]\npath = "data"`;
  const { bucketUrl, region, accessKeyId, secretAccessKey } = backend.rgw;
  return `backend = "s3"
[s3]
bucket_url = "${bucketUrl}"
region = "${region}"
access_key_id = "${accessKeyId}"
secret_access_key = "${secretAccessKey}"
access = "private"
[ledger]
url = "sqlite:ledger.db"`;
}

function configuration(backend: Backend, port: number, noServer: number): string {
  return `domains = ["${domain}"]
${storeLines(backend)}
[http]
listen = "127.0.0.1:${port}"
public_url = "https://slotd.example.test"
${withoutXmpp(noServer)}
`;
}

/** Starts a slotd with a store of its own on disk, or in the bucket. `tables` are lines for its slotd.toml. */
export async function slotdWith(backend: Backend, tables: string): Promise<SlotdTarget> {
  const [port = 0, noServer = 0] = await freePorts(2);
  const folder = makeFolder("slotd");
  const file = join(folder, "slotd.toml");
  writeFileSync(file, configuration(backend, port, noServer) + tables, { mode: 0o600 });
  const env = { SLOTD_OPS_LISTEN: "127.0.0.1:0", SLOTD_OPS_SOCKET: join(folder, "slotd.sock") };
  const running = await startProcess({
    ...{ name: "slotd", command: [slotdUnderTest(), "serve", "--config", file], folder },
    env: { ...env, SLOTD_LOG_FORMAT: "json" },
    isReady: () => isReady(port),
  });
  return {
    ...{ port, folder, nginxLines: "" },
    async run(args, more = {}) {
      const command = [slotdUnderTest(), ...args, "--config", file] as const;
      const { ok, output } = await runToEnd({ name: "slotd", command, env: { ...env, ...more } }, 120_000);
      if (!ok) throw new Error(`slotd ${args.join(" ")} failed:\n${output}\n${running.logTail()}`);
      return output;
    },
    async stop() {
      await running.stop();
      removeFolder(folder);
    },
  };
}

/**
 * Starts a slotd that is to take the place of a former service. As an operator does, it asks `slotd import` with the old
 * URLs for what is missing, adds the printed table to slotd.toml, and reloads.
 */
export async function slotdTarget(backend: Backend, former: FormerFiles): Promise<SlotdTarget> {
  const target = await slotdWith(backend, "");
  try {
    const { table, nginxLines } = await printedLines(target, former);
    appendFileSync(join(target.folder, "slotd.toml"), table);
    await target.run(["reload"]);
    return { ...target, nginxLines };
  } catch (error) {
    await target.stop();
    throw error;
  }
}

async function printedLines(
  target: SlotdTarget,
  { kind, folder, urls }: FormerFiles,
): Promise<{ readonly table: string; readonly nginxLines: string }> {
  const output = await target.run([
    ...["import", kind, folder, "--dry-run", "--report", join(target.folder, "first-report")],
    ...urls.flatMap((url) => ["--url", url]),
  ]);
  const table = /^\[former\.[\s\S]*?\n\n/m.exec(output)?.[0];
  const servers = output.match(/^server \{\n.*?^\}/gms);
  if (table === undefined || servers === null) {
    throw new Error(`slotd import printed no table, or no lines for nginx:\n${output}`);
  }
  return { table: `\n${table}`, nginxLines: servers.join("\n") };
}

/** Whether it answers at all; what it has not opened yet answers 503. */
async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/nothing`).catch(() => undefined);
  return answer !== undefined && answer.status !== 503;
}
