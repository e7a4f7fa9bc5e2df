import { spaceName } from "../../address/address-space.ts";
import type { FormerKindName } from "../../address/former-kinds.ts";
import type { Config } from "../../config/config.ts";
import { UsageError } from "../command.ts";

/** The base of a former service's URLs, and what the configuration says of it. */
export interface FormerBase {
  /** The name of the address space. */
  readonly space: string;
  /** What the URLs of the list begin with. */
  readonly urls: readonly string[];
  /** Those that the configuration does not name, and slotd would not answer for. */
  readonly missing: readonly string[];
  /** The table `[former.NAME]` of the base; undefined where there is none. */
  readonly table: string | undefined;
  /** The served domain that the table gives the files to. */
  readonly domain: string | undefined;
}

/**
 * Finds the base by the URLs that were given, or the only one of this kind that the configuration has.
 *
 * @throws {UsageError} where that is none, or several.
 */
export function formerBase(kind: FormerKindName, given: readonly string[], { former }: Config): FormerBase {
  const spaces = given.map(spaceOf);
  const table =
    given.length === 0
      ? onlyTable(kind, former)
      : former.find(({ urls }) => urls.some((url) => spaces.includes(spaceName(url))));
  if (table === undefined) {
    const [space = ""] = spaces;
    return { space, urls: given, missing: given, table: undefined, domain: undefined };
  }
  if (table.kind !== kind) {
    throw new UsageError(
      `[former.${table.name}] has the kind ${table.kind}; expected ${kind}, as in "slotd import ${kind}"`,
    );
  }
  const known = new Set(table.urls.map(spaceName));
  const [first = ""] = table.urls;
  return {
    space: spaceName(first),
    urls: given.length === 0 ? table.urls : given,
    missing: given.filter((_, at) => !known.has(spaces[at] ?? "")),
    ...{ table: table.name, domain: table.domain },
  };
}

function onlyTable(kind: FormerKindName, former: Config["former"]): Config["former"][number] {
  const [only, ...others] = former.filter((table) => table.kind === kind);
  if (only !== undefined && others.length === 0) return only;
  const why = only === undefined ? "the configuration has no table" : "the configuration has several tables";
  throw new UsageError(`"slotd import" needs --url OLD_BASE: ${why} [former.NAME] of the kind ${kind}`);
}

function spaceOf(url: string): string {
  try {
    return spaceName(url);
  } catch {
    throw new UsageError(
      `expected --url URL to be the base of the former service's URLs, such as https://upload.example.org:5443/upload, got "${url}"`,
    );
  }
}
