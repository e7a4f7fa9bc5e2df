/**
 * npm run test:deb [-- --base FOLDER]: installs slotd's package in a fresh Debian, uses it as an operator does, and
 * upgrades, removes and purges it. As root on Debian; `--base` keeps what debootstrap made for the next time.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensurePackages } from "../../scripts/debian.ts";
import { build } from "../../scripts/executable.ts";
import { buildDeb } from "../../scripts/package/deb.ts";
import { writeManuals } from "../../scripts/package/share.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { DebianRoot } from "./debian-root.ts";
import { byHand, install, purge, remove, serve, upgrade } from "./steps.ts";

const at = process.argv.indexOf("--base");
const base = at < 0 ? undefined : process.argv[at + 1];
const lacking = await ensurePackages(["debootstrap", "openssl", "util-linux"]);
if (lacking !== undefined || process.getuid?.() !== 0) {
  console.error(lacking ?? "npm run test:deb makes a Debian in a folder, which only root may.");
  process.exit(1);
}

const folder = makeFolder("deb");
const dist = join(folder, "dist");
mkdirSync(dist);
const executable = join(dist, "slotd");
build(executable);
writeManuals(join(dist, "share"));
const debs = ["0.1.0", "0.1.1"].map((version) =>
  buildDeb({ executable, version, folder: dist, compression: "none" }),
);
const started = Date.now();
console.log("Making a fresh Debian ...");
const debian = DebianRoot.make("bookworm", base);
let isRight = false;
try {
  const context = { debian, debs: [debs[0] ?? "", debs[1] ?? ""] as const, dist };
  for (const step of [install, serve, upgrade, remove, purge, byHand]) {
    for (const line of await step(context)) console.log(`${step.name}: ${line}`);
  }
  isRight = true;
} catch (error) {
  console.error(error);
  console.error(debian.logs(), debian.run("tail -n 40 /var/log/prosody/*").output);
} finally {
  debian.remove();
  removeFolder(folder);
}
console.log(
  `${isRight ? "Everything went as it should" : "FAILED"}, in ${Math.round((Date.now() - started) / 1000)} s.`,
);
process.exit(isRight ? 0 : 1);
