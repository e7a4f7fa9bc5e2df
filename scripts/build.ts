// Makes dist/slotd, one executable that needs neither Node nor npm nor Bun, and dist/share with its manual pages and
// completions: npm run build
import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "./executable.ts";
import { writeManuals } from "./package/share.ts";

const outfile = resolve(process.argv[2] ?? join(import.meta.dirname, "../dist/slotd"));
mkdirSync(join(outfile, ".."), { recursive: true });
build(outfile);
writeManuals(join(outfile, "../share"));
console.log(
  `${outfile}, ${(statSync(outfile).size / 2 ** 20).toFixed(0)} MiB, for ${process.platform} on ${process.arch}`,
);
