import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, isPortOpen } from "../../ports.ts";
import { runToEnd, waitUntil } from "../../process.ts";
import { startProsody } from "../prosody.ts";
import type { XmppServer } from "../xmpp-server.ts";
import type { FormerService } from "./former-service.ts";

const component = "upload.example.test";
const domain = "example.test";

interface Plan {
  readonly name: string;
  readonly module: "http_file_share" | "http_upload";
  /** Lua lines below the component. */
  readonly lines?: readonly string[];
}

/** The component that takes the uploads. */
function hostLines(module: Plan["module"], port: number, lines: readonly string[]): readonly string[] {
  return [
    `Component "${component}" "${module}"`,
    `  http_host = "localhost"`,
    `  http_external_url = "https://localhost:${port}/"`,
    ...lines.map((line) => `  ${line}`),
  ];
}

function serviceOf(plan: Plan, xmpp: XmppServer, port: number, urls: readonly string[]): FormerService {
  return {
    name: plan.name,
    kind: plan.module === "http_file_share" ? "prosody" : "prosody-http-upload",
    folder: join(xmpp.folder, "data"),
    port,
    urls,
    xmpp,
    component: () => component,
    domains: [domain],
    isReachable: true,
    shutDown: () => xmpp.shutDown(),
    stop: () => xmpp.stop(),
  };
}

async function start(plan: Plan): Promise<FormerService> {
  const [port = 0] = await freePorts(1);
  const xmpp = await startProsody({
    components: {},
    modules: ["http"],
    httpsPort: port,
    hosts: hostLines(plan.module, port, plan.lines ?? []),
  });
  await waitUntil("Prosody to serve HTTPS", () => isPortOpen(port));
  const path = plan.module === "http_file_share" ? "file_share" : "upload";
  return serviceOf(plan, xmpp, port, [`https://localhost:${port}/${path}`]);
}

/** Prosody's mod_http_file_share with its internal storage. */
export function startProsodyInternal(): Promise<FormerService> {
  return start({ name: "Prosody http_file_share, internal", module: "http_file_share" });
}

/** Prosody's mod_http_file_share with SQLite (Debian package lua-dbi-sqlite3). */
export function startProsodySqlite(): Promise<FormerService> {
  const sql = `sql = { driver = "SQLite3"; database = "prosody.sqlite" }`;
  return start({
    name: "Prosody http_file_share, SQLite",
    module: "http_file_share",
    lines: [`default_storage = "sql"`, sql],
  });
}

/** The old mod_http_upload of prosody-modules. */
export function startProsodyOldUpload(): Promise<FormerService> {
  return start({ name: "Prosody's old http_upload", module: "http_upload" });
}

/**
 * Carries the files of the old module over to mod_http_file_share, as its operator does: Prosody is stopped, prosodyctl
 * moves the files, and Prosody runs with the new module. The old URLs do not answer then, the new ones do.
 *
 * @param old was started by startProsodyOldUpload(), and is not to be used again.
 * @returns the same server with both bases, the new one first.
 */
export async function migrateOldUpload(old: FormerService): Promise<FormerService> {
  const { xmpp, port } = old;
  await old.shutDown();
  const file = join(xmpp.folder, "prosody.cfg.lua");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(`"${component}" "http_upload"`, `"${component}" "http_file_share"`),
  );
  const { ok, output } = await runToEnd({
    name: "prosodyctl",
    command: ["prosodyctl", "--config", file, "mod_migrate_http_upload", component, domain],
    user: "prosody",
  });
  if (!ok) throw new Error(`prosodyctl mod_migrate_http_upload failed:\n${output}`);
  await xmpp.restart();
  await waitUntil("Prosody to serve HTTPS", () => isPortOpen(port));
  const plan: Plan = { name: "Prosody http_file_share, migrated by prosodyctl", module: "http_file_share" };
  return serviceOf(plan, xmpp, port, [`https://localhost:${port}/file_share`, ...old.urls]);
}
