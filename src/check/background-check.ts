import { randomBytes } from "node:crypto";
import { openCredentials } from "../app/buckets/s3-buckets.ts";
import type { Config, DomainConfig } from "../config/config.ts";
import { credentialsOf } from "../config/credentials.ts";
import type { Logger } from "../ops/log.ts";
import { bucketRoot } from "../store/s3/bucket-root.ts";
import { ok } from "./finding.ts";
import { S3Probe } from "./probe.ts";
import { type Check, type CheckRun, type Result, runChecks } from "./run-checks.ts";
import { checkPreflight } from "./s3/s3-cors.ts";
import { reachChecks } from "./s3/s3-reach.ts";
import { explainRefusal } from "./s3/s3-refusal.ts";
import { unsignedLooks } from "./s3/s3-unsigned.ts";
import { folderChecks } from "./store/disk-folder.ts";
import { s3Target } from "./target.ts";

export interface BackgroundDeps {
  readonly now: () => Date;
  /** Is told of what is wrong or doubtful only. */
  readonly warn: (result: Result) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** What is looked at with requests that write nothing: one for an object that is not there tells the most. */
const readOnlyChecks: readonly Check<S3Probe>[] = [
  ...reachChecks,
  { name: "keys", needs: ["clock"], run: checkKeys },
  { name: "cors", needs: ["keys"], run: checkPreflight },
];

/**
 * Does the harmless part of the check once, beside the work, and asks for nothing in the name of a component. To a
 * bucket it writes only where that lets clients do more than their slot says: at most three objects of less than
 * 100 bytes, whose keys nobody can guess, and which it removes again. Never throws.
 */
export async function backgroundCheck({ domains }: Config, deps: BackgroundDeps): Promise<void> {
  const seen = new Set<string>();
  for (const domain of domains) {
    const key = JSON.stringify([domain.s3 ?? domain.disk.path]);
    if (seen.has(key) || deps.signal.aborted) continue;
    seen.add(key);
    const scope = scopeOf(domain);
    try {
      await (domain.s3 ? checkBucket(domain, deps) : checkFolder(domain, deps));
      deps.log.debug({ scope }, "The background check is done.");
    } catch (error) {
      deps.log.debug({ scope, err: error }, "The background check failed.");
    }
  }
}

async function checkBucket(domain: DomainConfig, deps: BackgroundDeps): Promise<void> {
  const { s3 } = domain;
  if (s3 === undefined) return;
  const { now, signal, log } = deps;
  const credentials = await openCredentials(credentialsOf(s3), log);
  try {
    const target = s3Target({ ...domain, s3 }, credentials);
    const probe = new S3Probe(target, { now, signal, randomBytes, origin: "https://web-client.example" });
    await runChecks([...readOnlyChecks, ...unsignedLooks], probe, runOf(scopeOf(domain), deps)).finally(() =>
      removeWritten(probe, scopeOf(domain), log),
    );
  } finally {
    credentials.stop();
  }
}

/** Where nothing may be deleted, some bytes are left at each start. */
async function removeWritten(probe: S3Probe, scope: string, log: Logger): Promise<void> {
  const left = await probe.removeWritten();
  if (left.length > 0)
    log.info({ scope, files: left.length }, "slotd could not remove the test files of the check.");
}

async function checkFolder(domain: DomainConfig, deps: BackgroundDeps): Promise<void> {
  const { disk, maxFileSize } = domain;
  const checks = folderChecks.filter(({ name }) => name === "space");
  await runChecks(checks, { folder: disk.path, maxFileSize, randomBytes }, runOf(scopeOf(domain), deps));
}

/** No URL: none stands in the log. */
function scopeOf({ s3, disk }: DomainConfig): string {
  if (s3 === undefined) return disk.path;
  const { name, host } = bucketRoot(s3.bucketUrl);
  return `bucket ${name} at ${host}`;
}

/** Keys that may only upload are refused here too, as "AccessDenied"; that is no fault. */
async function checkKeys(probe: S3Probe) {
  const answer = await probe.client.send({
    method: "GET",
    key: probe.makeSlot().key,
    signal: probe.deps.signal,
  });
  if (answer.code === "NoSuchKey" || answer.code === "AccessDenied") return ok("The store knows the keys.");
  return explainRefusal(probe, answer);
}

function runOf(scope: string, { signal, warn }: BackgroundDeps): CheckRun {
  const tell = (result: Result): void => {
    if (result.finding.level === "wrong" || result.finding.level === "warn") warn(result);
  };
  return { scope, signal, tell, isFixing: false, pause: async () => undefined, tellFix: () => undefined };
}
