// npm run test:scale:sources [-- FILES]: what it costs to read the folders of former services with FILES (1,000,000)
// files: one large folder with a list of Prosody's, one without, and a folder for each file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filledKinds, fillSource } from "./fill-source.ts";
import { costOfSource } from "./source-cost.ts";

/** MB; what a process may hold. An import of so many files has to stay below 150 MiB, with what stores them. */
const most = 120;

const files = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), "slotd-sources-"));
let isKept = true;
try {
  for (const kind of filledKinds) {
    const source = join(folder, kind);
    fillSource(kind, source, files);
    const { items, seconds, peak, before, block } = await costOfSource(kind, source, folder);
    rmSync(source, { recursive: true });
    isKept &&= peak <= most && items.file === files - (items.gone ?? 0);
    console.log(
      `${kind}: ${JSON.stringify(items)} in ${seconds.toFixed(1)} s; ${before} MB at first, ${peak} MB at most (${most}); event loop held for ${block.toFixed(0)} ms at most`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = isKept ? 0 : 1;
