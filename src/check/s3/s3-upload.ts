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
    return ok("A presigned PUT of a small file with a hard name succeeds.");
  }
  if (answer.code === "SignatureDoesNotMatch") {
    const plain = await probe.put(probe.makeSlot({ filename: "plain.txt" }));
    if (isOk(plain)) {
      return wrong(
        `A file with spaces, accents and quotes in its name is refused with ${brief(answer)}; a plain name is taken.`,
        "Something between slotd and the store (a proxy) rewrites the path; let it forward the path as it came.",
      );
    }
  }
  return explainRefusal(probe, answer);
}

async function checkRegion(probe: S3Probe): Promise<Finding> {
  const { answer } = await putChanged(probe, { region: "nowhere-1" });
  return isOk(answer)
    ? ok(
        `The region ${probe.target.region} is taken; this store does not look at the region, so it was not checked.`,
      )
    : ok(`The region ${probe.target.region} is right; the store refuses another one.`);
}

async function checkLength(probe: S3Probe): Promise<Finding> {
  const slot = probe.makeSlot();
  const longer = await probe.put(slot, { body: new Uint8Array([...slot.body, 10]) });
  const shorter = await probe.put(slot, { body: slot.body.slice(1) });
  return guard(
    [longer, shorter],
    "A file of another length than declared is refused.",
    "The store takes a file of another length than declared: max_file_size and quotas do not hold.",
  );
}

async function checkType(probe: S3Probe): Promise<Finding> {
  const other = await probe.put(probe.makeSlot(), { headers: { "content-type": "text/html" } });
  return guard(
    [other],
    "A file of another media type than declared is refused.",
    `The store takes a file of another media type than declared (text/html in place of ${PROBE_TYPE}).`,
  );
}

async function checkExpiry(probe: S3Probe): Promise<Finding> {
  const date = new Date(probe.deps.now().getTime() - 600_000);
  const { answer } = await putChanged(probe, { date, expires: 1 });
  return guard(
    [answer],
    "An expired URL is refused.",
    "The store takes an upload by a URL that has expired.",
  );
}

/** A fact to know rather than a fault: S3 has no other way for a presigned PUT. */
async function checkOverwrite(probe: S3Probe): Promise<Finding> {
  const slot = probe.makeSlot();
  await probe.put(slot);
  const again = await probe.put(slot, { body: slot.body.map((byte) => (byte === 10 ? 10 : 120)) });
  return isOk(again)
    ? ok(
        `A second PUT to the same slot replaces the file until the URL expires, as on S3; with s3.upload = "proxy" a slot can be used only once.`,
      )
    : ok(`A second PUT to the same slot is refused with ${brief(again)}.`);
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
    return warn(`The store answers ${brief(broken)} where it should refuse.`, "See the store's log.");
  return answers.some(isOk)
    ? wrong(fails, 'Use s3.upload = "proxy", which checks it in slotd, or another store.')
    : ok(holds);
}
