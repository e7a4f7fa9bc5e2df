import { randomBytes } from "node:crypto";
import { DISK_REGION, largestAllowed } from "../app/buckets/disk-buckets.ts";
import { openCredentials } from "../app/buckets/s3-buckets.ts";
import type { DomainConfig, HttpConfig, ReceiverConfig } from "../config/config.ts";
import { credentialsOf } from "../config/credentials.ts";
import { componentSecret, takesUploads, usesHttp } from "../config/places.ts";
import { formatAddress, formatListen } from "../config/values.ts";
import type { Logger } from "../ops/log.ts";
import { fixedCredentials, type OpenCredentials } from "../store/credentials.ts";
import { type Finding, type Fix, skipped, warn, wrong } from "./finding.ts";
import { explainKeys } from "./http/explain-keys.ts";
import { formerUrlChecks } from "./http/former-urls.ts";
import { findOwnServer, type OwnServer } from "./http/own-server.ts";
import { ownDownloadChecks, ownUploadChecks } from "./http/public-url.ts";
import { receiverChecks } from "./http/receiver-check.ts";
import { S3Probe } from "./probe.ts";
import { type CheckRun, type Result, runChecks } from "./run-checks.ts";
import type { AskRunning } from "./running-slotd.ts";
import { s3Checks } from "./s3/s3-checks.ts";
import { folderChecks } from "./store/disk-folder.ts";
import { knownStoreResults } from "./store/known-store.ts";
import { s3Target } from "./target.ts";
import { type XmppContext, xmppChecks } from "./xmpp/xmpp-check.ts";

export interface SelfCheckOptions {
  readonly domains: readonly DomainConfig[];
  /** What every HTTP listener goes by. */
  readonly http: HttpConfig;
  /** Whether what can be set right is set right. */
  readonly isFixing: boolean;
  /** The origin of a web client, for CORS. */
  readonly origin: string;
  /** An authority to trust beside the usual ones, in PEM. */
  readonly ca: string | undefined;
  /** Ends the check early; what it wrote is removed all the same. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly log: Logger;
  readonly askRunning: AskRunning;
  /** The components of the whole configuration. */
  readonly hosts: readonly string[];
  readonly tell: (result: Result) => void;
  /** Is told before anything is put. */
  readonly tellFix: (scope: string, fix: Fix) => void;
}

/**
 * Tries a configuration for real: logs in as each component, uploads to each bucket and folder, and removes what it
 * wrote. Domains whose settings for that are the same are tried once.
 *
 * @returns every result, each of which was told as it came.
 */
export async function selfCheck(options: SelfCheckOptions): Promise<readonly Result[]> {
  const tasks = [
    ...options.domains.map((domain) => () => checkXmpp(domain, options)),
    ...once(options.domains, storageKey).map(
      (domain) => () => (domain.s3 === undefined ? checkDisk(domain, options) : checkS3(domain, options)),
    ),
    ...options.domains.flatMap((domain) =>
      domain.receivers.map((receiver) => () => checkReceiver(receiver, domain, options)),
    ),
    () => checkKnownStores(options),
  ];
  const results: Result[] = [];
  for (const task of tasks) {
    if (options.signal.aborted) break;
    results.push(...(await task()));
  }
  return results;
}

async function checkKnownStores({ domains, log, tell }: SelfCheckOptions): Promise<readonly Result[]> {
  const results = await knownStoreResults(domains, log);
  for (const result of results) tell(result);
  return results;
}

function checkReceiver(
  receiver: ReceiverConfig,
  { http }: DomainConfig,
  options: SelfCheckOptions,
): Promise<readonly Result[]> {
  const { origin, ca, signal } = options;
  const context = { receiver, listen: formatListen(http.listen), origin, ca, signal };
  return runChecks(receiverChecks, context, runOf(`Receiver: ${receiver.name}`, options));
}

async function checkXmpp(domain: DomainConfig, options: SelfCheckOptions): Promise<readonly Result[]> {
  const { host, xmpp } = domain;
  if (componentSecret(domain) === undefined) return [];
  const scope = `XMPP: ${host} at ${formatAddress(xmpp.address)}`;
  const { signal, hosts, askRunning } = options;
  return runChecks<XmppContext>(xmppChecks, { domain, signal, hosts, askRunning }, runOf(scope, options));
}

async function checkDisk(domain: DomainConfig, options: SelfCheckOptions): Promise<readonly Result[]> {
  const { disk, maxFileSize, ledger } = domain;
  const running = await options.askRunning({});
  const folder = {
    ...{ folder: disk.path, maxFileSize, randomBytes },
    runningUid: running !== undefined && "mark" in running ? running.uid : undefined,
    ledger: ledger.url.kind === "sqlite" ? ledger.url.path : undefined,
  };
  const results = await runChecks(folderChecks, folder, runOf(`Disk: ${disk.path}`, options));
  return [...results, ...(await checkHttp(domain, undefined, options))];
}

async function checkS3(domain: DomainConfig, options: SelfCheckOptions): Promise<readonly Result[]> {
  const { s3 } = domain;
  if (s3 === undefined) return [];
  const run = runOf(`S3: ${s3.bucketUrl}`, options);
  let credentials: OpenCredentials;
  try {
    credentials = await openCredentials(credentialsOf(s3), options.log);
  } catch (error) {
    const advice = "Correct the options of the keys under [s3].";
    return [told(run, "credentials", wrong(`There are no keys for the bucket: ${textOf(error)}`, advice))];
  }
  const probe = new S3Probe(s3Target({ ...domain, s3 }, credentials), probeDeps(options));
  try {
    return await checkBucket(domain, probe, run, options);
  } finally {
    credentials.stop();
  }
}

function checkBucket(
  domain: DomainConfig,
  probe: S3Probe,
  run: CheckRun,
  options: SelfCheckOptions,
): Promise<readonly Result[]> {
  const remove = (): Promise<readonly string[]> => probe.removeWritten();
  return withRemoval(run, remove, async () => {
    const results = await runChecks(s3Checks, probe, run);
    if (!usesHttp(domain) || options.signal.aborted) return results;
    if (probe.sample !== undefined) return [...results, ...(await checkHttp(domain, probe, options))];
    const text = "Not checked, because nothing can be uploaded to the bucket.";
    return [...results, told(runOf(httpScope(domain), options), "public-url", skipped(text))];
  });
}

/** Looks whether clients reach slotd's own HTTP server. `bucket`: what stands behind it, unless files are on disk. */
async function checkHttp(
  domain: DomainConfig,
  bucket: S3Probe | undefined,
  options: SelfCheckOptions,
): Promise<readonly Result[]> {
  if (options.signal.aborted) return [];
  const run = runOf(httpScope(domain), options);
  let server: OwnServer;
  try {
    const credentials = bucket?.target.credentials;
    const { http, now, log } = options;
    server = await findOwnServer({ config: domain, http, credentials, now, log });
  } catch (error) {
    const keys = explainKeys(error);
    if (keys !== undefined) return [told(run, "signing-keys", keys)];
    const text = `slotd cannot listen on ${formatListen(domain.http.listen)}: ${textOf(error)}`;
    return [told(run, "listen", wrong(text, "Correct http.listen: it is an address of this machine."))];
  }
  try {
    return await checkOwnServer(domain, bucket, server, run, options);
  } finally {
    await server.stop();
  }
}

async function checkOwnServer(
  domain: DomainConfig,
  bucket: S3Probe | undefined,
  server: OwnServer,
  run: CheckRun,
  options: SelfCheckOptions,
): Promise<readonly Result[]> {
  const { http, expirationTime } = domain;
  const running = server.isStandIn ? undefined : await options.askRunning({});
  const mark = running !== undefined && "mark" in running ? running.mark : undefined;
  const keys = server.keys?.value[0] ?? nobodysKeys();
  const probe = new S3Probe(
    {
      ...{ bucketUrl: server.publicUrl, publicUrl: server.publicUrl, region: DISK_REGION, expirationTime },
      ...{ access: "public", upload: "direct", addAcl: false, isOwn: true, retention: undefined },
      credentials: fixedCredentials(keys),
    },
    { ...probeDeps(options), mark, origin: originFor(options.http.corsOrigins, options.origin) },
  );
  const hidden = bucket?.target.access === "private" ? bucket : undefined;
  const listen = formatListen(http.listen);
  const context = { probe, server, listen, hidden, maxFileSize: largestAllowed([domain]) };
  const checks = [
    ...(takesUploads(domain) ? ownUploadChecks : []),
    ...(bucket === undefined || hidden !== undefined ? ownDownloadChecks : []),
    ...formerUrlChecks(domain.former),
  ];
  const remove = async (): Promise<readonly string[]> => {
    const left = await server.inventory.remove(probe.written).catch(() => probe.written);
    return left.map(({ token }) => token);
  };
  return withRemoval(run, remove, () => runChecks(checks, context, run));
}

/** Where CORS is for some origins only, one of them is tried. */
function originFor(allowed: readonly string[], origin: string): string {
  const [first] = allowed;
  return first === undefined || allowed.includes("*") || allowed.includes(origin) ? origin : first;
}

/** What no server knows: with the data folder of no slotd there is nothing that an upload could be signed with. */
function nobodysKeys() {
  return { accessKeyId: "SLOTDCHECK", secretAccessKey: randomBytes(20).toString("hex") };
}

/** Does the checks and removes what they wrote, however they end. */
async function withRemoval(
  run: CheckRun,
  remove: () => Promise<readonly string[]>,
  check: () => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  let left: readonly string[] = [];
  let results: readonly Result[] = [];
  try {
    results = await check();
  } finally {
    left = await remove();
  }
  if (left.length === 0) return results;
  const text = `What the check wrote could not be removed: ${left.join(", ")}.`;
  const advice = "Remove it by hand. A key that is also to delete files needs s3:DeleteObject.";
  return [...results, told(run, "removal", warn(text, advice))];
}

function told(run: CheckRun, check: string, finding: Finding): Result {
  const result = { scope: run.scope, check, finding, isFixed: false };
  run.tell(result);
  return result;
}

function runOf(scope: string, { isFixing, signal, tell, tellFix }: SelfCheckOptions): CheckRun {
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    });
  return { scope, isFixing, signal, tell, tellFix, pause };
}

function probeDeps({ now, signal, origin, ca }: SelfCheckOptions) {
  return { now, signal, origin, ca, randomBytes };
}

function httpScope({ http }: DomainConfig): string {
  return `HTTP: ${http.publicUrl}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function once<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return [...new Map([...items].reverse().map((item) => [keyOf(item), item])).values()].reverse();
}

function storageKey({ s3, expirationTime, disk, http, former }: DomainConfig): string {
  return JSON.stringify([s3, expirationTime, disk.path, http, former]);
}
