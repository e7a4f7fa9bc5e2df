import type { FormerConfig } from "../../config/config.ts";
import { type S3Answer, S3RequestError } from "../../store/s3/s3-answer.ts";
import { type Finding, ok, warn } from "../finding.ts";
import { brief } from "../probe.ts";
import type { Check } from "../run-checks.ts";
import { onUnreachable } from "./on-unreachable.ts";
import type { PublicUrlContext } from "./public-url.ts";

/**
 * Whether the URLs of former services reach this slotd, one check for each. None is more than a warning: while files
 * are imported, the former service may still answer there.
 */
export function formerUrlChecks(former: readonly FormerConfig[]): readonly Check<PublicUrlContext>[] {
  return former.flatMap(({ name, urls }) =>
    urls.map((url) => ({
      name: "former-url",
      needs: [],
      run: (context) => checkFormerUrl(url, `former.${name}.urls`, context),
    })),
  );
}

/** An address that was never given to anyone, by the rule of each kind. A PUT of nothing to it stores nothing. */
async function checkFormerUrl(
  url: string,
  option: string,
  { probe, listen }: PublicUrlContext,
): Promise<Finding> {
  const behind = `Have the reverse proxy for ${url} pass everything on to http://${listen} as it came, with the Host header and the path; slotd init prints such lines.`;
  const random = Buffer.from(probe.deps.randomBytes(16)).toString("hex");
  const answer = await answerOf(() => probe.send("PUT", `${url}/slotd-check/${random}/check.txt`), option);
  if ("level" in answer) return answer;
  const isAddress = answer.headers.get("allow") === "GET, HEAD, OPTIONS" && answer.status === 405;
  if (isAddress && isSlotd(answer)) return ok(`${url} reaches slotd; the old addresses under it answer.`);
  if (isSlotd(answer)) {
    return warn(
      `${url} reaches a slotd, but not as an old address (${brief(answer)}): a proxy changes the Host header or the path, or another slotd is there.`,
      behind,
    );
  }
  return warn(
    `${url} is answered by another service (${brief(answer)}).`,
    `While the service that slotd replaces is in use, that is right. After the switch: ${behind}`,
  );
}

async function answerOf(request: () => Promise<S3Answer>, option: string): Promise<S3Answer | Finding> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof S3RequestError)) throw error;
    const kept =
      "Old links work only while their DNS name and port lead to slotd: keep both. (Asked from this machine: its resolver may not know a name that clients know, and a router may not lead back to it.)";
    return warn(error.message, onUnreachable(error, option) ?? kept);
  }
}

/** Every answer of slotd's HTTP server has these. */
function isSlotd({ headers }: S3Answer): boolean {
  const policy = headers.get("content-security-policy") ?? "";
  return headers.has("x-request-id") && policy.includes("frame-ancestors 'none'; sandbox");
}
