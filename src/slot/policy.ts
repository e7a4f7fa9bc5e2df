import type { Refusal } from "./refusal.ts";
import type { Bytes, SlotRequest } from "./slot.ts";

/** Who asks for a slot. Both parts as the server gave them, that is prepared and lowercase. */
export interface Requester {
  /** `local@domain`, or the domain alone for a server or a component. */
  readonly bareJid: string;
  readonly domain: string;
}

/** What one served domain allows. */
export interface Policy {
  /** Domains and bare JIDs that may have slots; "*" is everyone. */
  readonly access: readonly string[];
  /** undefined: no limit. */
  readonly maxFileSize: Bytes | undefined;
}

/** Decides on a slot request. Gives the refusal, or undefined when the slot may be made. */
export function refuse(request: SlotRequest, requester: Requester, policy: Policy): Refusal | undefined {
  if (!mayUpload(requester, policy.access)) {
    return { kind: "forbidden", text: `${requester.domain} is not among those who may upload here.` };
  }
  const { maxFileSize } = policy;
  if (maxFileSize !== undefined && request.size > maxFileSize) {
    return {
      kind: "too-large",
      maxFileSize,
      text: `File too large: it has ${request.size} bytes, and the maximum file size is ${maxFileSize} bytes.`,
    };
  }
  return undefined;
}

function mayUpload(requester: Requester, access: readonly string[]): boolean {
  return access.some((entry) => entry === "*" || entry === requester.domain || entry === requester.bareJid);
}
