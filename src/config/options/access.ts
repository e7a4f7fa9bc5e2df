import { z } from "zod";
import { prepareDomain } from "../../slot/jid.ts";
import { parseAccess, parseTypeGlob } from "../values.ts";
import { from, type Option, perDomain } from "./option.ts";
import { text } from "./types.ts";

const who = {
  kind: "list",
  expected: 'a list of domains, "*." and a domain, bare JIDs, or "*"',
} as const;

const types = {
  kind: "list",
  expected: 'a list of media types in which "*" stands for any text',
} as const;

const none = from([], (): readonly string[] => []);

export const allowedTypes = {
  ...perDomain,
  ...types,
  schema: z.array(text(parseTypeGlob)).min(1),
  defaultWords: "every type",
  prose:
    "The media types that clients may upload. slotd uses the type that the client declares. Where types are restricted, slotd refuses a request that declares none.",
  example: '["image/*", "video/mp4"]',
} as const satisfies Option;

/** The options on who may upload, and what. */
export const accessOptions = {
  access: {
    ...perDomain,
    ...who,
    schema: z.array(text(parseAccess)).min(1),
    derived: from([], (_, { domain }): readonly string[] =>
      domain === undefined ? [] : [prepareDomain(domain)],
    ),
    defaultWords: "the served domain",
    prose:
      'Who may request slots: domains, hosts (servers and components, by their JID) and bare JIDs. `"*.example.org"` means every host under a domain, and `"*"` everyone. slotd announces the service to nobody else in disco#info.',
    example: '["example.org", "bot@example.net"]',
  },
  deny: {
    ...perDomain,
    ...who,
    schema: z.array(text(parseAccess)),
    derived: none,
    defaultWords: "nobody",
    prose: "Who may not request slots, even if `access` includes them.",
    example: '["spammer@example.org", "gateway.example.org"]',
  },
  allowed_types: allowedTypes,
  denied_types: {
    ...perDomain,
    ...types,
    schema: z.array(text(parseTypeGlob)),
    derived: none,
    defaultWords: "no type",
    prose: "The media types that clients may not upload, even if `allowed_types` includes them.",
    example: '["text/html", "image/svg+xml"]',
  },
} as const satisfies Record<string, Option>;
