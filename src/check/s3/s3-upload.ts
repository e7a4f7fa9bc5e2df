import type { S3Answer } from "../../store/s3/s3-answer.ts";
import { type Finding, ok, warn, wrong } from "../finding.ts";
import { brief, isOk, PROBE_TYPE, type ProbeChanges, type ProbeSlot, type S3Probe } from "../probe.ts";
import type { Check } from "../run-checks.ts";
import { explainRefusal, isStored } from "./s3-refusal.ts";
import { throughSlotd } from "./s3-unsigned.ts";

/** What a client's PUT may and may not do. */
export const uploadChecks: readonly Check<S3Probe>[] = [
  { name: "upload", needs: ["clock"], run: checkUpload },
  { name: "region", needs: ["upload"], run: checkRegion },
  { name: "length", needs: ["upload"], run: unlessProxied(checkLength) },
  { name: "type", needs: ["upload"], run: unlessProxied(checkType) },
  { name: "expiry", needs: ["upload"], run: unlessProxied(checkExpiry) },
  { name: "overwrite", needs: ["upload"], run: unlessProxied(checkOverwrite) },
];

/** Where clients PUT to slotd, nobody has a presigned PUT URL of the bucket. */
function unlessProxied(check: (probe: S3Probe) => Promise<Finding>): (probe: S3Probe) => Promise<Finding> {
  return async (probe) => (probe.target.upload === "proxy" ? throughSlotd : check(probe));
}

/** A slot's PUT with a hard name. What fails is told apart: the name, or everything. */
async function checkUpload(probe: S3Probe): Promise<Finding> {
  const slot = probe.makeSlot();
  const answer = await probe.put(slot);
  if (isStored(answer)) {
    probe.sample = slot;
    return ok("A presigned PUT of a small file with special characters in its name succeeds.");
  }
  if (answer.code === "SignatureDoesNotMatch") {
    const plain = await probe.put(probe.makeSlot({ filename: "plain.txt" }));
    if (isOk(plain)) {
      return wrong(
        `The store refuses a file with spaces, accents and quotes in its name with ${brief(answer)}, but accepts a plain name.`,
        "A proxy between slotd and the store rewrites the path; configure it to forward the path unchanged.",
      );
    }
  }
  return explainRefusal(probe, answer);
}

async function checkRegion(probe: S3Probe): Promise<Finding> {
  const { answer } = await putChanged(probe, { region: "nowhere-1" });
  return isOk(answer)
    ? ok(
        `The store accepts the region ${probe.target.region}, but it accepts any region, so the check cannot verify it.`,
      )
    : ok(`The region ${probe.target.region} is correct; the store refuses another one.`);
}

async function checkLength(probe: S3Probe): Promise<Finding> {
  const slot = probe.makeSlot();
  const longer = await probe.put(slot, { body: new Uint8Array([...slot.body, 10]) });
  const shorter = await probe.put(slot, { body: slot.body.slice(1) });
  return guard(
    [longer, shorter],
    "The store refuses a file of another length than declared.",
    "The store accepts a file of another length than declared: max_file_size and quotas are not enforced.",
  );
}

async function checkType(probe: S3Probe): Promise<Finding> {
  const other = await probe.put(probe.makeSlot(), { headers: { "content-type": "text/html" } });
  return guard(
    [other],
    "The store refuses a file of another media type than declared.",
    `The store accepts a file of another media type than declared (text/html instead of ${PROBE_TYPE}).`,
  );
}

async function checkExpiry(probe: S3Probe): Promise<Finding> {
  const date = new Date(probe.deps.now().getTime() - 600_000);
  const { answer } = await putChanged(probe, { date, expires: 1 });
  return guard(
    [answer],
    "The store refuses an expired URL.",
    "The store accepts an upload to an expired URL.",
  );
}

/** A fact to know rather than a fault: S3 has no other way for a presigned PUT. */
async function checkOverwrite(probe: S3Probe): Promise<Finding> {
  const slot = probe.makeSlot();
  await probe.put(slot);
  const again = await probe.put(slot, { body: slot.body.map((byte) => (byte === 10 ? 10 : 120)) });
  return isOk(again)
    ? ok(
        `A second PUT to the same slot overwrites the file until the URL expires, as on S3; with s3.upload = "proxy" a slot accepts only one upload.`,
      )
    : ok(`The store refuses a second PUT to the same slot with ${brief(again)}.`);
}

async function putChanged(
  probe: S3Probe,
  changes: ProbeChanges,
): Promise<{ readonly slot: ProbeSlot; readonly answer: S3Answer }> {
  const slot = probe.makeSlot(changes);
  return { slot, answer: await probe.put(slot) };
}

function guard(answers: readonly S3Answer[], holds: string, fails: string): Finding {
  const broken = answers.find((answer) => answer.status >= 500);
  if (broken)
    return warn(
      `The store responds with ${brief(broken)} to a request that it should refuse.`,
      "See the log of the store.",
    );
  return answers.some(isOk)
    ? wrong(fails, 'Use s3.upload = "proxy", with which slotd checks this itself, or another store.')
    : ok(holds);
}
