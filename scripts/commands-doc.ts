// Writes docs/commands.md from the table of commands: bun scripts/commands-doc.ts
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commandsReference } from "../src/cli/commands-doc.ts";

writeFileSync(fileURLToPath(new URL("../docs/commands.md", import.meta.url)), commandsReference());
