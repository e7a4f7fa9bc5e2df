import { spaceName } from "../../address/address-space.ts";
import type { FormerConfig } from "../../config/config.ts";

/** The former services whose files have the same base as a receiver. */
export function formerAt(url: string, former: readonly FormerConfig[]): readonly FormerConfig[] {
  const base = spaceName(url);
  return former.filter(({ urls }) => urls.some((each) => spaceName(each) === base));
}

/** The URL that names the address space of a receiver. */
export function spaceUrlOf(url: string, former: readonly FormerConfig[]): string {
  return formerAt(url, former)[0]?.urls[0] ?? url;
}
