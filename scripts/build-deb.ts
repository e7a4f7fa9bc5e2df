// Makes dist/slotd_VERSION_ARCHITECTURE.deb with dpkg-deb: npm run build:deb
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { build } from "./executable.ts";
import { buildDeb } from "./package/deb.ts";

if (!existsSync("/usr/bin/dpkg-deb")) {
  console.error("dpkg-deb is missing. It is part of Debian; elsewhere, install the package dpkg.");
  process.exit(1);
}
const folder = join(import.meta.dirname, "../dist");
const executable = join(folder, "slotd");
mkdirSync(folder, { recursive: true });
build(executable);
const file = buildDeb({ executable, version: packageJson.version, folder, compression: "xz" });
console.log(`${file}, ${(statSync(file).size / 2 ** 20).toFixed(0)} MiB`);
