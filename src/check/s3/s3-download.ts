import { type S3Answer, S3RequestError } from "../../store/s3/s3-answer.ts";
import { childText, parseXml } from "../../store/s3/xml-answer.ts";
import { type Finding, ok, skipped, warn, wrong } from "../finding.ts";
import { onUnreachable } from "../http/on-unreachable.ts";
import { brief, isOk, PROBE_TYPE, type ProbeSlot, type S3Probe } from "../probe.ts";
import type { Check } from "../run-checks.ts";
import { policyWith } from "./s3-policy.ts";
import { arn } from "./s3-refusal.ts";
import { awsPaste, readSetting, writeSetting } from "./s3-settings.ts";
import { throughSlotd } from "./s3-unsigned.ts";

/** What the GET URL does, and whom else a file is open to. */
export const downloadChecks: readonly Check<S3Probe>[] = [
  { name: "download", needs: ["upload"], run: checkDownload },
  { name: "range", needs: ["download"], run: checkRange },
  { name: "client-acl", needs: ["upload"], run: checkClientAcl },
];

function checkDownload(probe: S3Probe): Promise<Finding> {
  const { sample } = probe;
  if (sample === undefined) return Promise.resolve(skipped("Nothing was uploaded."));
  return probe.target.access === "private" ? checkPrivate(probe, sample) : checkPublic(probe, sample);
}

async function checkPublic(probe: S3Probe, sample: ProbeSlot): Promise<Finding> {
  const { publicUrl, bucketUrl } = probe.target;
  const isFronted = publicUrl !== bucketUrl;
  let answer: S3Answer;
  try {
    answer = await probe.send("GET", sample.publicUrl);
  } catch (error) {
    if (!(error instanceof S3RequestError)) throw error;
    const advice =
      "Correct s3.public_url, or check that the server behind it runs. (Tested from this machine; clients may be able to connect.)";
    return wrong(`The GET URL: ${error.message}`, onUnreachable(error, "s3.public_url") ?? advice);
  }
  if (isOk(answer)) {
    if (isFronted && !isSame(answer, sample)) return notThisBucket("returns other content than was uploaded");
    return sameFile(answer, sample, "Anyone can GET the file with its GET URL.");
  }
  const text = `The file is uploaded, and its GET URL responds with ${brief(answer)}`;
  if (!isFronted) return privateBucket(probe, text);
  const own = await probe.send("GET", sample.ownUrl);
  if (isOk(own)) {
    return wrong(
      `${text}; anyone can read the file at s3.bucket_url.`,
      "Correct s3.public_url: the server behind it must serve the same paths.",
    );
  }
  return own.status === answer.status && own.code === answer.code
    ? privateBucket(probe, text)
    : notThisBucket(`responds with ${brief(answer)} for the file, and the bucket itself with ${brief(own)}`);
}

function notThisBucket(what: string): Finding {
  return wrong(
    `The server behind s3.public_url ${what}: it does not serve this bucket, or may not read it.`,
    "Correct s3.public_url: it must have the same paths as s3.bucket_url. A CDN in front of a private bucket needs permission to read it.",
  );
}

async function privateBucket(probe: S3Probe, text: string): Promise<Finding> {
  const policy = await publicPolicy(probe);
  const advice =
    policy.paste === undefined
      ? 'Set s3.access = "private", which needs no public bucket; or set s3.public_url, if this store has another address for public files.'
      : 'Let anyone read files with the policy below, or set s3.access = "private", which needs no public bucket.';
  return wrong(`${text}: the bucket is private, and s3.access is "public".`, advice, policy);
}

async function checkPrivate(probe: S3Probe, sample: ProbeSlot): Promise<Finding> {
  const own = await probe.send("GET", sample.ownUrl);
  if (isOk(own)) {
    return wrong(
      'Anyone can read the files in the bucket itself, but s3.access is "private".',
      'Remove the bucket policy or ACL that lets anyone read, or set s3.access = "public".',
    );
  }
  const answer = await probe.send("GET", probe.presignedGet(sample));
  if (!isOk(answer)) {
    return wrong(
      `The store refuses a presigned GET with ${brief(answer)}: nobody can read the files.`,
      `Give the key s3:GetObject on ${arn(probe.client.root.name, probe.client.root.keyPrefix)}.`,
    );
  }
  return sameFile(
    answer,
    sample,
    `A presigned GET returns the file; the bucket refuses a GET without a signature (${brief(own)}).`,
  );
}

function isSame(answer: S3Answer, sample: ProbeSlot): boolean {
  return Buffer.from(answer.body).equals(sample.body);
}

function sameFile(answer: S3Answer, sample: ProbeSlot, text: string): Finding {
  if (!isSame(answer, sample)) {
    return wrong(
      "The GET URL returns other content than was uploaded.",
      "Check the proxies and caches between the client and the store.",
    );
  }
  const type = answer.headers.get("content-type");
  if (type?.replaceAll(" ", "").toLowerCase() === PROBE_TYPE.replaceAll(" ", "")) return ok(text);
  return warn(
    `${text} But its type is ${type ?? "missing"}, not ${PROBE_TYPE}.`,
    "Check the store's settings.",
  );
}

async function checkRange(probe: S3Probe): Promise<Finding> {
  const { sample, target } = probe;
  if (sample === undefined) return skipped("Nothing was uploaded.");
  const url = target.access === "private" ? probe.presignedGet(sample) : sample.publicUrl;
  const { status, body } = await probe.send("GET", url, { range: "bytes=2-4" });
  if (status === 206 && Buffer.from(body).equals(sample.body.slice(2, 5))) return ok("Range requests work.");
  return warn(
    `The response to a Range request has the status ${status} and ${body.length} bytes, not 206 and 3 bytes.`,
    "Video players and resumed downloads need range requests; check the store or the CDN.",
  );
}

/** What makes an object public: a client may add headers that are not signed. */
const publicAcls = [
  { "x-amz-acl": "public-read" },
  { "x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' },
] as const satisfies readonly Readonly<Record<string, string>>[];

async function checkClientAcl(probe: S3Probe): Promise<Finding> {
  if (probe.target.upload === "proxy") return throughSlotd;
  let last: S3Answer | undefined;
  for (const headers of publicAcls) {
    const slot = probe.makeSlot();
    const answer = await probe.put(slot, { headers });
    if (!isOk(answer)) {
      last ??= answer;
      continue;
    }
    if (probe.target.access === "public")
      return ok(
        "A client can add x-amz-acl to its PUT; this has no effect, because every file here is public.",
      );
    if (!isOk(await probe.send("GET", slot.ownUrl))) continue;
    const [[name, value] = []] = Object.entries(headers);
    return warn(
      `A client can make its own file public by adding ${name}: ${value} to its PUT.`,
      'Make the bucket ignore public ACLs (IgnorePublicAcls), or use s3.upload = "proxy".',
      await blockAcls(probe),
    );
  }
  return last === undefined
    ? ok("A client can add x-amz-acl to its PUT, and the store ignores it.")
    : ok(`The store refuses a PUT with an added x-amz-acl (${brief(last)}).`);
}

function publicPolicy(probe: S3Probe): Promise<Pick<Finding, "paste" | "fix">> {
  const { name, keyPrefix } = probe.client.root;
  const statement = {
    Sid: "SlotdPublicRead",
    Effect: "Allow",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: arn(name, keyPrefix),
  } as const;
  return policyWith(probe, statement, `a public-read policy on the bucket ${name}`);
}

/**
 * Has the bucket ignore public ACLs, and leaves the rest as it is: another part of it may be public by a policy.
 * COMPAT(Ceph 16): with BlockPublicAcls it refuses every upload.
 */
async function blockAcls(probe: S3Probe): Promise<Pick<Finding, "paste" | "fix">> {
  const { name } = probe.client.root;
  const setting = await readSetting(probe, "publicAccessBlock");
  if (setting.is === "unknown") return {};
  const there = setting.is === "set" ? parseXml(setting.text) : undefined;
  const kept = (flag: string): boolean => childText(there, flag) === "true";
  const block = {
    BlockPublicAcls: kept("BlockPublicAcls"),
    IgnorePublicAcls: true,
    BlockPublicPolicy: kept("BlockPublicPolicy"),
    RestrictPublicBuckets: kept("RestrictPublicBuckets"),
  };
  const paste = [awsPaste(probe, "put-public-access-block", "public-access-block-configuration", block)];
  if (setting.is === "denied") return { paste };
  const fields = Object.entries(block).map(([flag, value]) => `  <${flag}>${value}</${flag}>\n`);
  const body = `<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n${fields.join("")}</PublicAccessBlockConfiguration>`;
  return {
    paste,
    fix: {
      what: `a setting that makes the bucket ${name} ignore public ACLs`,
      shown: body,
      apply: () => writeSetting(probe, "publicAccessBlock", body),
    },
  };
}
