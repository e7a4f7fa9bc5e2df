import { childrenOf, childText, parseXml, type XmlNode } from "../store/xml-answer.ts";
import { type Finding, ok, skipped, warn } from "./finding.ts";
import type { Check } from "./run-checks.ts";
import type { S3Probe } from "./s3-probe.ts";
import { awsPaste, readSetting, writeSetting } from "./s3-settings.ts";

/** What becomes of files by themselves. */
export const lifecycleChecks: readonly Check<S3Probe>[] = [
  { name: "versioning", needs: ["upload"], run: checkVersioning },
  { name: "lifecycle", needs: ["upload"], run: checkLifecycle },
];

/** In a bucket with versions slotd deletes nothing for good: it only adds a mark. */
async function checkVersioning(probe: S3Probe): Promise<Finding> {
  const setting = await readSetting(probe, "versioning");
  if (setting.is === "denied")
    return skipped("The key may not look at the versioning (s3:GetBucketVersioning).");
  const status = setting.is === "set" ? childText(parseXml(setting.text), "Status") : undefined;
  if (status !== "Enabled") return ok("The bucket keeps no versions: what slotd deletes is gone.");
  const lifecycle = await readSetting(probe, "lifecycle");
  const rules = enabledRules(lifecycle.is === "set" ? lifecycle.text : "");
  if (rules.some((rule) => childrenOf(rule, "NoncurrentVersionExpiration").length > 0))
    return ok("The bucket keeps versions, and a lifecycle rule removes those that were deleted or replaced.");
  return warn(
    "The bucket keeps versions: what slotd deletes, what expires and what a client replaces stays there and takes space, uncounted. With object lock a client can also have its file kept for years, by a header that is not signed.",
    "Use a bucket without versioning and object lock, or add a lifecycle rule with NoncurrentVersionExpiration.",
  );
}

const RULE_ID = "slotd-incomplete-uploads";

async function checkLifecycle(probe: S3Probe): Promise<Finding> {
  const setting = await readSetting(probe, "lifecycle");
  if (setting.is === "unknown") return skipped("The store has no lifecycle rules, or not by this interface.");
  if (setting.is === "denied") {
    return skipped("The key may not look at the lifecycle rules (s3:GetLifecycleConfiguration).");
  }
  const rules = enabledRules(setting.is === "set" ? setting.text : "");
  const kept = keptText(rules);
  if (rules.some((each) => childrenOf(each, "AbortIncompleteMultipartUpload").length > 0)) {
    return ok(`Lifecycle: ${kept}; uploads that stay incomplete are removed.`);
  }
  return warn(
    `Lifecycle: ${kept}. No rule removes multipart uploads that stay incomplete; they take space unseen.`,
    "Put a lifecycle rule on the bucket.",
    lifecycleRule(probe, setting.is === "set" ? setting.text : undefined),
  );
}

function enabledRules(text: string): readonly XmlNode[] {
  return childrenOf(parseXml(text), "Rule").filter((rule) => childText(rule, "Status") === "Enabled");
}

function keptText(rules: readonly XmlNode[]): string {
  const days = rules.flatMap((rule) => childrenOf(rule, "Expiration").map((each) => childText(each, "Days")));
  const known = days.filter((each) => each !== undefined).map(Number);
  return known.length === 0
    ? "the bucket keeps files until somebody deletes them"
    : `the bucket deletes files after ${Math.min(...known)} days`;
}

function lifecycleRule(probe: S3Probe, there: string | undefined): Pick<Finding, "paste" | "fix"> {
  const { name, keyPrefix } = probe.client.root;
  const json = {
    ID: RULE_ID,
    Filter: { Prefix: keyPrefix },
    Status: "Enabled",
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
  const xml = lifecycleXml(keyPrefix, there);
  const isMore = there === undefined ? "" : " (add the rules that the bucket has; this replaces them)";
  const aws = awsPaste(probe, "put-bucket-lifecycle-configuration", "lifecycle-configuration", {
    Rules: [json],
  });
  return {
    paste: [{ ...aws, title: `${aws.title}${isMore}` }],
    fix: {
      what: `a lifecycle rule on the bucket ${name}`,
      shown: xml,
      apply: () => writeSetting(probe, "lifecycle", xml),
    },
  };
}

function lifecycleXml(keyPrefix: string, there: string | undefined): string {
  const prefix = keyPrefix.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const ours =
    `  <Rule>\n    <ID>${RULE_ID}</ID>\n    <Filter><Prefix>${prefix}</Prefix></Filter>\n    <Status>Enabled</Status>\n` +
    "    <AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>\n  </Rule>\n";
  if (there?.includes("</LifecycleConfiguration>")) {
    return there.replace(/\s*<\/LifecycleConfiguration>/, () => `\n${ours}</LifecycleConfiguration>`);
  }
  return `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n${ours}</LifecycleConfiguration>`;
}
