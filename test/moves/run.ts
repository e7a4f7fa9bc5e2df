// npm run test:moves [-- NAME ...]: every move, or those with NAME in their name, into a folder and into a bucket of RGW
import { ensurePackages, packagesOf } from "../../scripts/debian.ts";
import { startRgw } from "../peers/servers/rgw.ts";
import { hardFiles } from "./hard-names.ts";
import { type Moved, move } from "./move.ts";
import { moves } from "./moves.ts";
import { moveSamples } from "./samples.ts";
import { brokenOf, tableOf } from "./table.ts";

const words = process.argv.slice(2);
const chosen = moves.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (chosen.length === 0) {
  console.error(`No move has such a name. There are: ${moves.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
const parts = ["prosody", "modules", "ejabberd", "clients", "nginx", "rgw"] as const;
const missing = await ensurePackages(parts.flatMap((part) => packagesOf[part]));
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}

/** Prints how a move went. Gives what is wrong with it. */
function report({ service, backend, comparisons, imports, problems }: Moved): readonly string[] {
  const runs = imports.map(({ taken, present }) => `${taken} files taken, ${present} there`).join("; ");
  console.log(`${service}, into ${backend}: three imports: ${runs}\n${tableOf(comparisons)}\n`);
  return [...brokenOf(comparisons), ...problems].map((text) => `${service}, into ${backend}: ${text}`);
}

/** The recorded services into a folder and into the bucket. Gives what is wrong. */
async function samples(): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const backend of [{ name: "disk" }, { name: "RGW", rgw }] as const) {
    for (const { sample, comparisons } of await moveSamples(backend)) {
      const name = `the sample ${sample}, into ${backend.name}`;
      console.log(`${name}\n${tableOf(comparisons)}\n`);
      wrong.push(...brokenOf(comparisons).map((text) => `${name}: ${text}`));
    }
  }
  return wrong;
}

const wrong: string[] = [];
const rgw = await startRgw();
try {
  for (const { name, prepare } of chosen) {
    const moved = await move({
      prepare: () => prepare(hardFiles),
      files: hardFiles,
      hasClients: true,
      backends: [{ name: "disk" }, { name: "RGW", rgw }],
    });
    for (const each of moved) wrong.push(...report(each));
    if (moved.length === 0) wrong.push(`${name} was moved nowhere`);
  }
  if (words.length === 0) wrong.push(...(await samples()));
} finally {
  await rgw.stop();
}
console.log(wrong.length === 0 ? "Every old URL answers as before." : wrong.join("\n"));
process.exit(wrong.length === 0 ? 0 : 1);
