import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

const folder = resolve(import.meta.dirname, "../../samples/former");

const sampleFile = z.object({
  jid: z.string().nullable(),
  filename: z.string(),
  stored_name: z.string().optional(),
  content_type: z.string().nullable(),
  served_content_type: z.string().nullish(),
  size: z.number(),
  sha256: z.string().nullable(),
  get_url: z.string(),
  get_status: z.number().nullish(),
  served_disposition: z.string().nullish(),
  path_in_tar: z.string().optional(),
  mtime: z.number().nullish(),
  slot_time: z.number().nullish(),
});

const sample = z.object({
  files: z.array(sampleFile),
  junk: z.array(z.object({ path_in_tar: z.string() })).default([]),
  metadata_files: z.array(z.string()).default([]),
  accounts: z.array(z.string()).optional(),
});

/** A file of a former service, as the description of its sample has it. */
export type SampleFile = z.infer<typeof sampleFile>;

/** The data folder of a real service, and what is in it. */
export interface Sample extends z.infer<typeof sample> {
  /** Where it is unpacked, with the times of its files; the caller removes it. */
  readonly folder: string;
}

export function unpackSample(name: string): Sample {
  const target = mkdtempSync(join(tmpdir(), "slotd-sample-"));
  const { status } = spawnSync("tar", ["xzf", join(folder, `${name}.tar.gz`), "-C", target]);
  if (status !== 0) throw new Error(`tar cannot unpack the sample ${name}.`);
  return { ...sample.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))), folder: target };
}
