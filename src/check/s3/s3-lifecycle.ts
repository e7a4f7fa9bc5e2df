import { childrenOf, childText, parseXml, type XmlNode } from "../../store/s3/xml-answer.ts";
import { type Finding, ok, skipped, warn } from "../finding.ts";
import type { S3Probe } from "../probe.ts";
import type { Check } from "../run-checks.ts";
import { awsPaste, readSetting, writeSetting } from "./s3-settings.ts";

/** What becomes of files by themselves. */
export const lifecycleChecks: readonly Check<S3Probe>[] = [
  { name: "versioning", needs: ["upload"], run: checkVersioning },
  { name: "lifecycle", needs: ["upload"], run: checkLifecycle },
  { name: "retention", needs: ["upload"], run: checkRetention },
];

/** In a bucket with versions slotd deletes nothing for good: it only adds a mark. */
async function checkVersioning(probe: S3Probe): Promise<Finding> {
  const setting = await readSetting(probe, "versioning");
  if (setting.is === "denied")
    return skipped("The key may not read the versioning setting (s3:GetBucketVersioning).");
  const status = setting.is === "set" ? childText(parseXml(setting.text), "Status") : undefined;
  if (status !== "Enabled") return ok("The bucket keeps no versions of files that slotd deletes.");
  const lifecycle = await readSetting(probe, "lifecycle");
  const rules = rulesForFiles(lifecycle.is === "set" ? lifecycle.text : "", probe);
  if (rules.some((each) => each.isForAll && has(each, "NoncurrentVersionExpiration")))
    return ok(
      "The bucket keeps versions, and a lifecycle rule removes the versions of deleted and replaced files.",
    );
  return warn(
    "The bucket keeps versions: deleted, expired and replaced files still use space, which slotd does not count. With object lock, a client can also prevent the deletion of its file for years, with a header that is not signed.",
    "Use a bucket without versioning and object lock, or add a lifecycle rule with NoncurrentVersionExpiration.",
  );
}

const RULE_ID = "slotd-incomplete-uploads";

async function checkLifecycle(probe: S3Probe): Promise<Finding> {
  const setting = await readSetting(probe, "lifecycle");
  if (setting.is === "unknown") return skipped("The store has no lifecycle rules in its S3 interface.");
  if (setting.is === "denied") {
    return skipped("The key may not read the lifecycle rules (s3:GetLifecycleConfiguration).");
  }
  const rules = rulesForFiles(setting.is === "set" ? setting.text : "", probe);
  const kept = keptText(rules);
  if (rules.some((each) => each.isForAll && has(each, "AbortIncompleteMultipartUpload"))) {
    return ok(`Lifecycle: ${kept}; a rule removes incomplete multipart uploads.`);
  }
  return warn(
    `Lifecycle: ${kept}. No rule removes incomplete multipart uploads; they use space, and no listing shows them.`,
    "Set a lifecycle rule on the bucket.",
    lifecycleRule(probe, setting.is === "set" ? setting.text : undefined),
  );
}

/** What the bucket deletes by itself is gone from slotd's links; the ledger counts it until it looks. */
async function checkRetention(probe: S3Probe): Promise<Finding> {
  const setting = await readSetting(probe, "lifecycle");
  if (setting.is === "unknown" || setting.is === "denied")
    return skipped("slotd cannot read the lifecycle rules.");
  const { retention } = probe.target;
  const first = firstExpiration(rulesForFiles(setting.is === "set" ? setting.text : "", probe));
  if (first === undefined) return ok("No lifecycle rule deletes files.");
  const { days, isForAll } = first;
  const what = `A lifecycle rule deletes ${isForAll ? "files" : "some of the files"} after ${days} days`;
  if (retention === undefined) return ok(`${what}; retention is not set, so slotd deletes none.`);
  if (days * 86_400 >= retention) return ok(`${what}, not before retention ends.`);
  return warn(
    `${what}, before retention (${Math.round(retention / 8640) / 10} days) ends: links stop working earlier than slotd states.`,
    "Increase the days of the rule, or reduce retention.",
  );
}

/** A lifecycle rule that is on and about files of slotd's. */
interface RuleForFiles {
  readonly rule: XmlNode;
  /** Whether it is about all of them; else about some. */
  readonly isForAll: boolean;
}

/**
 * The rules that are about slotd's files: those with another prefix, or for objects with a tag, are not; slotd gives
 * none. Source: S3, "Lifecycle configuration elements".
 */
function rulesForFiles(text: string, { client }: S3Probe): readonly RuleForFiles[] {
  const enabled = childrenOf(parseXml(text), "Rule").filter(
    (rule) => childText(rule, "Status") === "Enabled",
  );
  return enabled.flatMap((rule) => {
    const [filter] = childrenOf(rule, "Filter");
    const [and] = childrenOf(filter, "And");
    if ([filter, and].some((each) => childrenOf(each, "Tag").length > 0)) return [];
    const prefix = childText(rule, "Prefix") ?? childText(filter, "Prefix") ?? childText(and, "Prefix") ?? "";
    if (!mayBeginWith(client.root.keyPrefix, prefix)) return [];
    const sizes = ["ObjectSizeGreaterThan", "ObjectSizeLessThan"];
    const isBySize = [filter, and].some((each) => sizes.some((size) => childText(each, size) !== undefined));
    return [{ rule, isForAll: client.root.keyPrefix.startsWith(prefix) && !isBySize }];
  });
}

/** Whether a key of slotd's, which is this prefix and a token in hex, may begin with another prefix. */
function mayBeginWith(keyPrefix: string, prefix: string): boolean {
  if (keyPrefix.startsWith(prefix)) return true;
  return prefix.startsWith(keyPrefix) && /^[0-9a-f]+(?:-\d*)?(?:\/.*)?$/.test(prefix.slice(keyPrefix.length));
}

function has({ rule }: RuleForFiles, action: string): boolean {
  return childrenOf(rule, action).length > 0;
}

function firstExpiration(
  rules: readonly RuleForFiles[],
): { readonly days: number; readonly isForAll: boolean } | undefined {
  const all = rules.flatMap(({ rule, isForAll }) =>
    childrenOf(rule, "Expiration").flatMap((each) => {
      const days = childText(each, "Days");
      return days === undefined ? [] : [{ days: Number(days), isForAll }];
    }),
  );
  return all.sort((a, b) => a.days - b.days)[0];
}

function keptText(rules: readonly RuleForFiles[]): string {
  const first = firstExpiration(rules);
  if (first === undefined) return "the bucket keeps files until they are deleted";
  return `the bucket deletes ${first.isForAll ? "files" : "some files"} after ${first.days} days`;
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
