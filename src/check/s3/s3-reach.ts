import { isIP } from "node:net";
import type { BucketRoot } from "../../store/s3/bucket-root.ts";
import { S3RequestError, sendHttp } from "../../store/s3/s3-answer.ts";
import { type Finding, ok, warn, wrong } from "../finding.ts";
import { isNotTrusted, onUnreachable } from "../http/on-unreachable.ts";
import type { S3Probe } from "../probe.ts";
import type { Check } from "../run-checks.ts";

/** Further from the store's clock than this, S3 refuses a signature. Source: S3, "RequestTimeTooSkewed". */
const MAX_SKEW = 15 * 60;
const NOTABLE_SKEW = 30;

/** What needs no keys: the store answers, and its clock goes as ours does. */
export const reachChecks: readonly Check<S3Probe>[] = [
  { name: "reach", needs: [], run: checkReach },
  { name: "clock", needs: ["reach"], run: checkClock },
];

async function checkReach(probe: S3Probe): Promise<Finding> {
  const { scheme, host } = probe.client.root;
  const fault = faultOf(probe.target.bucketUrl, probe.client.root);
  if (fault !== undefined) return fault;
  try {
    await probe.send("HEAD", rootUrl(probe));
    return (await trustedByCheckOnly(probe)) ?? ok(`${scheme}://${host} responds.`);
  } catch (error) {
    if (!(error instanceof S3RequestError)) throw error;
    return wrong(
      error.message,
      onUnreachable(error, "s3.bucket_url") ??
        `Correct s3.bucket_url, or check that the store runs and that no firewall blocks slotd.`,
    );
  }
}

/** What a bucket URL says by itself. undefined: nothing is wrong with it. */
function faultOf(bucketUrl: string, { scheme, host, path }: BucketRoot): Finding | undefined {
  const { hostname, pathname } = new URL(bucketUrl);
  if (pathname.includes("//")) {
    return wrong(
      `The path of s3.bucket_url, ${pathname}, has two consecutive slashes, and therefore an empty segment.`,
      `Write it with single slashes, such as s3.bucket_url = "${scheme}://${host}${pathname.replace(/\/+/g, "/").replace(/\/$/, "")}".`,
    );
  }
  // In virtual-host style the host begins with the bucket, which an address cannot.
  if (path !== "" || isIP(hostname.replace(/^\[|\]$/g, "")) === 0) return undefined;
  return wrong(
    `s3.bucket_url names no bucket: ${host} is an address, and no path follows it.`,
    `Add the bucket: s3.bucket_url = "${scheme}://${host}/BUCKET".`,
  );
}

/** slotd makes its own requests without the authority that --ca names. */
async function trustedByCheckOnly({ deps, client: { root } }: S3Probe): Promise<Finding | undefined> {
  if (deps.ca === undefined || root.scheme !== "https") return undefined;
  const { signal } = deps;
  try {
    await sendHttp({
      method: "HEAD",
      url: `https://${root.host}${root.path || "/"}`,
      timeout: 15_000,
      signal,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof S3RequestError && isNotTrusted(error))) throw error;
    return warn(
      `https://${root.host} responds, but only --ca makes the check trust its certificate.`,
      "Start slotd with NODE_EXTRA_CA_CERTS=FILE in its environment, because slotd also sends requests to the bucket. Clients must trust that authority, too.",
    );
  }
}

async function checkClock(probe: S3Probe): Promise<Finding> {
  const before = probe.deps.now().getTime();
  const { headers } = await probe.send("HEAD", rootUrl(probe));
  const after = probe.deps.now().getTime();
  const date = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(date)) return ok("The store does not send its time, so slotd cannot check the clock.");
  // Half a second is what the header leaves out on average.
  const skew = Math.round(((before + after) / 2 - (date + 500)) / 1000);
  const size = Math.abs(skew);
  const text = `The clock here is ${words(size)} ${skew < 0 ? "behind" : "ahead of"} the store's`;
  const advice = "Set the clock of this machine, and synchronise it with NTP (chrony, systemd-timesyncd).";
  if (size > MAX_SKEW)
    return wrong(`${text}; the store refuses signatures that are more than 15 minutes off.`, advice);
  if (-skew >= probe.target.expirationTime) {
    return wrong(
      `${text}: with expiration_time = ${probe.target.expirationTime} every PUT URL has already expired when slotd issues it.`,
      advice,
    );
  }
  if (size > NOTABLE_SKEW) return warn(`${text}.`, advice);
  return ok("The clocks of this machine and of the store agree.");
}

function rootUrl(probe: S3Probe): string {
  const { scheme, host, path } = probe.client.root;
  return `${scheme}://${host}${path || "/"}`;
}

function words(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}
