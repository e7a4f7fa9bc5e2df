// What slotd import costs beside cp -r (disk) or rclone copy (Ceph RGW): npm run measure:import [-- FILES [rgw]]
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../src/ledger/database/sqlite.ts";
import { openSqlLedger } from "../src/ledger/sql-ledger.ts";
import { openDiskStore } from "../src/store/disk/disk-store.ts";
import { makeFolder, removeFolder } from "../test/peers/process.ts";
import { startRgw } from "../test/peers/servers/rgw.ts";
import type { S3Store } from "../test/peers/servers/s3-store.ts";

const [countText = "", where = "disk"] = process.argv.slice(2);
const count = Number(countText || (where === "rgw" ? 10_000 : 1_000_000));
if (!Number.isSafeInteger(count) || !["disk", "rgw"].includes(where)) {
  console.error("Usage: npm run measure:import [-- FILES [rgw]]");
  process.exit(2);
}
const deps = { now: () => new Date(), randomBytes };
const cli = join(import.meta.dirname, "../src/cli.ts");
/** Names of one content: ext4 lets a file have 65,000. */
const namesOfOne = 50_000;

/** Many names of few files of 1,000 bytes: to an import, and to cp, each is a file of its own. */
function makeSource(root: string): void {
  let original = "";
  for (let i = 0; i < count; i += 1) {
    const folder = join(root, `u${Math.floor(i / 1000)}`);
    if (i % 1000 === 0) mkdirSync(folder, { recursive: true });
    const path = join(folder, `photo-${i}.jpg`);
    if (i % namesOfOne === 0) {
      original = path;
      writeFileSync(path, randomBytes(1000));
    } else linkSync(original, path);
  }
}

function storeLines(store: S3Store | undefined): string {
  if (store === undefined) return 'backend = "disk"\ndisk.path = "data"\n';
  const { bucketUrl, region, accessKeyId, secretAccessKey } = store;
  return `backend = "s3"\ns3.bucket_url = "${bucketUrl}/in"\ns3.region = "${region}"\ns3.access_key_id = "${accessKeyId}"\ns3.secret_access_key = "${secretAccessKey}"\n`;
}

/** Runs a command; its peak of resident memory is looked at ten times a second. */
function measure(folder: string, command: readonly string[], env: Record<string, string> = {}) {
  const [program = "", ...args] = command;
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...env },
  });
  let peak = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }, 100);
  return new Promise<string>((resolve, reject) => {
    child.once("close", (code) => {
      clearInterval(look);
      const seconds = (performance.now() - began) / 1000;
      if (code !== 0) return reject(new Error(`${program} ended with ${code}`));
      resolve(
        `${seconds.toFixed(1)} s, ${Math.round(count / seconds)} files/s, ${Math.round(peak / 1024)} MiB`,
      );
    });
  });
}

const folder = makeFolder("measure-import");
const store = where === "rgw" ? await startRgw({ capacity: 4 * 2 ** 30 }) : undefined;
try {
  const source = join(folder, "source");
  makeSource(source);
  if (store === undefined) await openDiskStore(join(folder, "data"), deps);
  await (await openSqlLedger(await openSqlite(join(folder, "ledger.db")), deps)).close();
  const ledger = `sqlite:${join(folder, "ledger.db")}`;
  const common = `domains = ["example.org"]\nxmpp.secret = "x"\nledger.url = "${ledger}"\n`;
  writeFileSync(join(folder, "slotd.toml"), common + storeLines(store));
  const words = ["import", "folder", source, "--url", "https://old.example.org/f"];
  const command = [process.execPath, cli, ...words, "--expires-after=never", "--min-age=0"];
  console.log(`slotd import, ${count} files: ${await measure(folder, command)}`);
  console.log(`slotd import once more: ${await measure(folder, command)}`);
  if (store === undefined) {
    console.log(`cp -r: ${await measure(folder, ["cp", "-r", source, join(folder, "copy")])}`);
    console.log(
      `sync: ${execFileSync("sh", ["-c", `time -p sync -f ${folder} 2>&1`], { encoding: "utf8" }).trim()}`,
    );
  } else {
    const env = {
      RCLONE_S3_PROVIDER: "Ceph",
      RCLONE_S3_ENDPOINT: store.endpoint,
      RCLONE_S3_ACCESS_KEY_ID: store.accessKeyId,
      RCLONE_S3_SECRET_ACCESS_KEY: store.secretAccessKey,
    };
    const rclone = ["rclone", "copy", "--transfers=8", source, `:s3:${store.bucket}/rclone`];
    console.log(`rclone copy: ${await measure(folder, rclone, env)}`);
  }
} finally {
  await store?.stop();
  removeFolder(folder);
}
process.exit(0);
