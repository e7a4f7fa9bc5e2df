import type { Finding } from "../finding.ts";
import type { S3Probe } from "../probe.ts";
import { awsPaste, readSetting, writeSetting } from "./s3-settings.ts";

/** One statement of a bucket policy. Source: AWS, "IAM JSON policy elements". */
export interface Statement {
  /** Letters and digits; no other statement of the policy may have it. */
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal: string;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * The bucket's policy with one more statement, to be pasted and, where it can be seen, to be put.
 *
 * @param what it is, for the operator.
 * @returns nothing where the store has no policies, or the one that is there is not understood.
 */
export async function policyWith(
  probe: S3Probe,
  statement: Statement,
  what: string,
): Promise<Pick<Finding, "paste" | "fix">> {
  const setting = await readSetting(probe, "policy");
  if (setting.is === "unknown") return {};
  const policy = addStatement(setting.is === "set" ? setting.text : undefined, statement);
  if (policy === undefined) return {};
  const unseen =
    setting.is === "denied" ? " (add the statements that the bucket has; this replaces them)" : "";
  const aws = awsPaste(probe, "put-bucket-policy", "policy", policy);
  const paste = [{ ...aws, title: `${aws.title}${unseen}` }];
  if (setting.is === "denied") return { paste };
  const shown = JSON.stringify(policy, undefined, 2);
  return { paste, fix: { what, shown, apply: () => writeSetting(probe, "policy", shown) } };
}

/**
 * The policy that is there with one more statement; undefined when it is not understood. Every other statement stays
 * as it is: one of the same name is replaced only when it is about the same objects, for another slotd may have put its
 * own for another part of the bucket.
 *
 * @param text the policy as the store gives it; undefined when there is none.
 */
export function addStatement(text: string | undefined, statement: Statement): unknown {
  if (text === undefined) return { Version: "2012-10-17", Statement: [statement] };
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(policy) || !("Statement" in policy)) return undefined;
  const there: unknown[] = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  if (!there.every(isObject)) return undefined;
  const others = there.filter((one) => !(isNamedLike(one, statement) && isOn(one, statement.Resource)));
  return { ...policy, Statement: [...others, { ...statement, Sid: freeSid(statement.Sid, others) }] };
}

function isNamedLike({ Sid }: Readonly<Record<string, unknown>>, statement: Statement): boolean {
  return (
    typeof Sid === "string" && Sid.startsWith(statement.Sid) && /^\d*$/.test(Sid.slice(statement.Sid.length))
  );
}

/** Stores give one resource as a text or as a list of one. */
function isOn({ Resource }: Readonly<Record<string, unknown>>, resource: string): boolean {
  const all: unknown[] = Array.isArray(Resource) ? Resource : [Resource];
  return all.length === 1 && all[0] === resource;
}

function freeSid(wanted: string, others: readonly Readonly<Record<string, unknown>>[]): string {
  const taken = new Set(others.map(({ Sid }) => Sid));
  let sid = wanted;
  for (let next = 2; taken.has(sid); next += 1) sid = `${wanted}${next}`;
  return sid;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
