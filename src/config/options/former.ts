import { z } from "zod";
import { readAddressBase, spaceName } from "../../address/address-space.ts";
import { formerKindNames } from "../../address/former-kinds.ts";
import { parseBaseUrl, parseDomain } from "../values.ts";
import { servedDomainRule } from "./named-domain.ts";
import { from, global, type Option } from "./option.ts";
import type { NamedScope, Rule, Rules } from "./rule.ts";
import { domains } from "./top.ts";
import { oneOf, text } from "./types.ts";

/** A public base whose encodings can be read: addresses are compared by what they decode to. */
function parseAddressBase(raw: string): string | undefined {
  return readAddressBase(raw) === undefined ? undefined : parseBaseUrl(raw);
}

export const formerDomain = {
  ...global,
  schema: text(parseDomain),
  kind: "text",
  expected: "one of the domains served",
  derived: from([domains], ([[first = ""]]) => first),
  defaultWords: "the served domain, if there is only one",
  prose:
    "The served domain that the files belong to. They are in its store, and its limits and its ledger count them.",
  example: '"example.org"',
} as const satisfies Option;

export const formerUrls = {
  ...global,
  isMandatory: "always",
  schema: z
    .array(text(parseAddressBase))
    .min(1)
    .max(16)
    .refine((urls) => new Set(urls.map(spaceName)).size === urls.length),
  kind: "list",
  expected: "a list of 1 to 16 different http or https URLs without user name, password, query or fragment",
  prose:
    "The URLs under which the replaced service served its files, each without the part that differs between files. slotd answers for them on `http.listen` of the domain; a proxy must forward them with the Host header and the path unchanged. The first URL is a part of the identity of every imported file, so never change or remove it. You can add other URLs at the end at any time.",
  example: '["https://upload.example.org:5443/upload"]',
} as const satisfies Option;

/** What slotd answers for in the place of former services. */
export const formerOptions = {
  "former.NAME.kind": {
    ...global,
    ...oneOf(...formerKindNames),
    isMandatory: "always",
    prose:
      "The upload service that slotd replaces. It determines which part of a URL identifies a file, and where the filename of a download comes from. `slotd import` takes the same names.",
    example: '"ejabberd"',
  },
  "former.NAME.urls": formerUrls,
  "former.NAME.domain": formerDomain,
} as const satisfies Record<string, Option>;

/** A base belongs to one address space: the same path would name two files otherwise. */
const spaceRule: Rule = ({ named, breach }) => {
  const owners = new Map<string, { readonly table: NamedScope; readonly first: string }>();
  for (const table of named("former")) {
    const { setting, value } = table.find(formerUrls);
    const [first = ""] = value?.is ?? [];
    for (const url of value?.is ?? []) {
      const owner = owners.get(spaceName(url)) ?? { table, first };
      owners.set(spaceName(url), owner);
      if (spaceName(owner.first) === spaceName(first)) continue;
      breach(formerUrls, setting, {
        expected: `the same first URL as in [${owner.table.at.key}], which has ${JSON.stringify(url)} too`,
        got: JSON.stringify(first),
        advice: `Both tables share the URL, so they must share the address space, which the first URL names. Write ${JSON.stringify(owner.first)} first in both, or remove ${JSON.stringify(url)} from one of them.`,
      });
      return;
    }
  }
};

/** Whether slotd answers for a former service in the place of this domain. */
export function hasFormer(named: Rules["named"], domain: string | undefined): boolean {
  return named("former").some(({ find }) => find(formerDomain).value?.is === domain);
}

export const formerRules: readonly Rule[] = [servedDomainRule("former", formerDomain), spaceRule];
