// Writes docs/options.md from the table of options: bun scripts/options-doc.ts
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { optionsReference } from "../src/config/reference/options-doc.ts";

writeFileSync(fileURLToPath(new URL("../docs/options.md", import.meta.url)), optionsReference());
