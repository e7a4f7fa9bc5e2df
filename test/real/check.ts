import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../src/cli/main.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";

/** One finding as `slotd check --json` prints it. */
export interface JsonFinding {
  readonly scope: string;
  readonly check: string;
  readonly level: "ok" | "warn" | "wrong" | "skipped";
  readonly text: string;
  readonly advice?: string;
  readonly paste?: readonly { readonly title: string; readonly text: string }[];
  readonly fixed?: boolean;
}

export interface CheckOutcome {
  readonly code: number;
  readonly findings: readonly JsonFinding[];
  readonly wrong: readonly JsonFinding[];
  readonly stderr: string;
}

/** Runs `slotd check --json` on a configuration; `clock` is by how many milliseconds its clock is off. */
export async function check(config: string, args: readonly string[] = [], clock = 0): Promise<CheckOutcome> {
  const { code, stdout, stderr } = await runCheck(config, ["--json", ...args], clock);
  const report: { ok: boolean; findings: JsonFinding[] } = JSON.parse(stdout);
  const wrong = report.findings.filter(({ level }) => level === "wrong");
  if (report.ok !== (wrong.length === 0)) throw new Error(`"ok" is ${report.ok} with ${wrong.length} wrong`);
  return { code, findings: report.findings, wrong, stderr };
}

/** Runs `slotd check` in this process, so that its clock can be another. */
export async function runCheck(config: string, args: readonly string[] = [], clock = 0) {
  const folder = makeFolder("check");
  const out: string[] = [];
  const err: string[] = [];
  try {
    const file = join(folder, "slotd.toml");
    writeFileSync(file, config, { mode: 0o600 });
    const code = await main(["check", "--config", file, ...args], {
      stdout: (text) => void out.push(text),
      stderr: (text) => void err.push(text),
      env: {},
      cwd: folder,
      isTerminal: false,
      randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
      now: () => new Date(Date.now() + clock),
      lowerPriority: () => undefined,
    });
    if (readFileSync(file, "utf8") !== config) throw new Error("the check changed the configuration");
    return { code, stdout: out.join(""), stderr: err.join("") };
  } finally {
    removeFolder(folder);
  }
}

/** A slotd.toml for a store; what is given comes in place of what is right. */
export function s3Config(
  store: S3Store,
  xmpp: { readonly port: number; readonly secret: string },
  changes: Partial<Pick<S3Store, "bucketUrl" | "region" | "accessKeyId" | "secretAccessKey">> & {
    readonly more?: string;
  } = {},
): string {
  const { bucketUrl, region, accessKeyId, secretAccessKey } = { ...store, ...changes };
  return `domains = ["example.test"]
backend = "s3"
[xmpp]
address = "127.0.0.1:${xmpp.port}"
secret = "${xmpp.secret}"
[s3]
bucket_url = "${bucketUrl}"
region = "${region}"
access_key_id = "${accessKeyId}"
secret_access_key = "${secretAccessKey}"
${changes.more ?? ""}`;
}
