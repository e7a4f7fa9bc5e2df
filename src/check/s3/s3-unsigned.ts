import { uriEncodePath } from "../../sigv4/encode.ts";
import type { Bytes } from "../../slot/slot.ts";
import { type S3Answer, S3RequestError } from "../../store/s3/s3-answer.ts";
import { type Finding, ok, skipped, warn, wrong } from "../finding.ts";
import { brief, isOk, PROBE_TYPE, type ProbeSlot, type S3Probe } from "../probe.ts";
import type { Check } from "../run-checks.ts";
import { putChunked } from "./chunked-put.ts";
import { policyWith } from "./s3-policy.ts";
import { arn } from "./s3-refusal.ts";

/** What a client gets past a signature that does not cover it: no SigV4 signature can forbid a header. */
export const unsignedChecks: readonly Check<S3Probe>[] = [
  { name: "chunked-length", needs: ["upload"], run: checkChunkedLength },
  { name: "copy-source", needs: ["upload"], run: checkCopySource },
];

/** The same for a store whose keys were only looked at: it writes only where a store is open, as far as it can. */
export const unsignedLooks: readonly Check<S3Probe>[] = [
  { name: "chunked-length", needs: ["keys"], run: checkChunkedLength },
  { name: "copy-source", needs: ["keys"], run: lookForCopySource },
];

/** For a bucket to which no client PUTs. */
export const throughSlotd = ok("Clients PUT to slotd, which forwards none of their headers to the bucket.");

async function checkChunkedLength(probe: S3Probe): Promise<Finding> {
  if (probe.target.upload === "proxy") return throughSlotd;
  const slot = probe.makeSlot();
  const body = Buffer.concat([slot.body, slot.body]);
  const headers = { "Content-Type": PROBE_TYPE, "Content-Length": String(slot.body.length) };
  probe.noteWritten(slot);
  const answer = await putChunked(slot.putUrl, headers, body, probe.deps.signal, probe.deps.ca);
  if (!isOk(answer)) {
    probe.noteNotWritten(slot);
    return ok(`The store refuses a chunked body that is longer than its signed length (${brief(answer)}).`);
  }
  const size = await sizeOf(probe, slot);
  if (size === slot.body.length) return ok("The store keeps only the signed length of a chunked body.");
  const text = `A client can send a chunked body that is longer than its signed length, and the store ${size === undefined ? "accepts it" : `keeps all of it: ${size} bytes for a slot of ${slot.body.length}`}. max_file_size and quotas are not enforced until slotd checks the file, which it does only with a ledger.`;
  return wrong(text, 'Use s3.upload = "proxy", with which slotd itself counts the bytes.');
}

/** The first file of the check is copied into a slot of one byte. */
async function checkCopySource(probe: S3Probe): Promise<Finding> {
  const { sample, target } = probe;
  if (target.upload === "proxy") return throughSlotd;
  if (sample === undefined) return skipped("Nothing was uploaded.");
  const { slot, answer } = await putCopying(probe, sample.key);
  if (answer.status >= 500)
    return warn(
      `The store responds with ${brief(answer)} to a request that it should refuse.`,
      "See the log of the store.",
    );
  if (!isOk(answer)) return ok(`The store refuses a PUT with an added x-amz-copy-source (${brief(answer)}).`);
  const isCopied = answer.xml?.name === "CopyObjectResult" || ((await sizeOf(probe, slot)) ?? 1) !== 1;
  if (!isCopied) return ok("A client can add x-amz-copy-source to its PUT, and the store ignores it.");
  return openToCopies(probe);
}

/**
 * Asks first for a copy of what is not there: a store that refuses the header, or looks for the source, writes
 * nothing. Only one that looks for it is tried with a real copy: a policy that denies copies is judged after that.
 */
async function lookForCopySource(probe: S3Probe): Promise<Finding> {
  if (probe.target.upload === "proxy") return throughSlotd;
  const { answer } = await putCopying(probe, probe.makeSlot().key);
  if (answer.status !== 404) return ok("The store does not look for the source of a copy.");
  const slot = probe.makeSlot();
  if (!isOk(await probe.put(slot))) return skipped("Nothing can be uploaded.");
  probe.sample = slot;
  return checkCopySource(probe);
}

async function putCopying(
  probe: S3Probe,
  sourceKey: string,
): Promise<{ readonly slot: ProbeSlot; readonly answer: S3Answer }> {
  const slot = probe.makeSlot({ size: 1 });
  const source = `/${probe.client.root.name}/${uriEncodePath(sourceKey)}`;
  const answer = await probe.put(slot, {
    headers: { "x-amz-copy-source": source },
    body: new Uint8Array([120]),
  });
  return { slot, answer };
}

async function openToCopies(probe: S3Probe): Promise<Finding> {
  const { name, keyPrefix } = probe.client.root;
  const text =
    "A client can copy any object that slotd's key can read, in this and every other bucket, into its own file by " +
    "adding the header x-amz-copy-source to its PUT. Anyone who has the link can then read the copy, and " +
    "max_file_size and quotas are not enforced.";
  const statement = {
    Sid: "SlotdNoCopies",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: arn(name, keyPrefix),
    // Seen on Ceph 16: Null = false denies every upload but a copy.
    Condition: { StringLike: { "s3:x-amz-copy-source": "*" } },
  } as const;
  const policy = await policyWith(probe, statement, `a policy that denies copies on the bucket ${name}`);
  const policyText =
    policy.paste === undefined
      ? ""
      : 'Run "slotd check --fix" to set a bucket policy that denies copies (your own copies, too), or use ';
  return wrong(
    text,
    `${policyText || "Use "}s3.upload = "proxy". In any case, give slotd a key that may access only this bucket.`,
    policy,
  );
}

/** undefined: it cannot be seen. */
async function sizeOf({ client }: S3Probe, { key }: ProbeSlot): Promise<Bytes | undefined> {
  try {
    return (await client.headObject(key))?.size;
  } catch (error) {
    if (error instanceof S3RequestError) return undefined;
    throw error;
  }
}
