import { contentMd5 } from "../../store/s3/s3-client.ts";
import type { Paste } from "../finding.ts";
import { brief, isOk, type S3Probe } from "../probe.ts";

/** The settings of a bucket that the check knows: the subresource, and what its answer is called. */
const roots = {
  cors: ["CORSConfiguration"],
  policy: [],
  lifecycle: ["LifecycleConfiguration"],
  versioning: ["VersioningConfiguration"],
  // COMPAT(Ceph 16): the second name.
  publicAccessBlock: ["PublicAccessBlockConfiguration", "BlockPublicAccessBlockConfiguration"],
} as const satisfies Record<string, readonly string[]>;

export type SettingName = keyof typeof roots;

/** A setting of a bucket as it stands. */
export type Setting =
  | { readonly is: "set"; readonly text: string }
  | { readonly is: "absent" }
  /** The keys may not look at it. */
  | { readonly is: "denied" }
  /** The store does not know it. */
  | { readonly is: "unknown" };

/**
 * Reads a setting of the bucket. What the store does not know is told apart by the answer itself: some ignore a
 * subresource that they do not know and answer for the bucket (COMPAT(OpenStack Swift)).
 */
export async function readSetting(probe: S3Probe, name: SettingName): Promise<Setting> {
  const answer = await probe.client.send({
    method: "GET",
    query: [[name, ""]],
    signal: probe.deps.signal,
  });
  const text = Buffer.from(answer.body).toString("utf8").trim();
  const names: readonly string[] = roots[name];
  if (isOk(answer)) {
    const isThis = name === "policy" ? text.startsWith("{") : names.includes(answer.xml?.name ?? "");
    return isThis ? { is: "set", text } : { is: "unknown" };
  }
  if (answer.status === 403) return { is: "denied" };
  return answer.code?.startsWith("NoSuch") && answer.code !== "NoSuchBucket"
    ? { is: "absent" }
    : { is: "unknown" };
}

/** Writes a setting of the bucket. @throws {Error} with the store's reason when it is refused. */
export async function writeSetting(probe: S3Probe, name: SettingName, body: string): Promise<void> {
  const answer = await probe.client.send({
    method: "PUT",
    query: [[name, ""]],
    headers: {
      "content-type": name === "policy" ? "application/json" : "application/xml",
      "content-md5": contentMd5(body),
    },
    body,
    signal: probe.deps.signal,
  });
  if (!isOk(answer)) throw new Error(`the store responded with ${brief(answer)}`);
}

/** A command of the aws CLI that puts a setting, with what it takes. */
export function awsPaste(probe: S3Probe, command: string, option: string, json: unknown): Paste {
  const { scheme, host, name, path } = probe.client.root;
  const endpoint = path === "" && host.startsWith(`${name}.`) ? host.slice(name.length + 1) : host;
  const text = JSON.stringify(json, undefined, 2).replaceAll("'", "'\\''");
  return {
    title: "With the aws command",
    text: `aws s3api ${command} --endpoint-url ${scheme}://${endpoint} --bucket ${name} --${option} '${text}'`,
  };
}
