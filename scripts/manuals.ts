// Writes the manual pages and completions: bun scripts/manuals.ts [FOLDER], else dist/share
import { join, resolve } from "node:path";
import { writeManuals } from "./package/share.ts";

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, "../dist/share"));
for (const file of writeManuals(folder)) console.log(file);
