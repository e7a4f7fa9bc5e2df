import { z } from "zod";
import { readAddressBase, spaceName } from "../../address/address-space.ts";
import { parseDomain } from "../values.ts";
import { allowedTypes } from "./access.ts";
import { formerDomain, formerUrls } from "./former.ts";
import { ledgerUrl } from "./ledger.ts";
import { from, global, type Option } from "./option.ts";
import { retention } from "./purpose.ts";
import type { NamedScope, Rule, Rules } from "./rule.ts";
import { backend, domains, maxFileSize } from "./top.ts";
import { duration, fileSize, oneOf, secretText, text } from "./types.ts";

export const receiverDomain = {
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

export const receiverUrl = {
  ...global,
  isMandatory: "always",
  // A final slash, or none, is a part of what the server puts its paths after.
  schema: text((raw) => (readAddressBase(raw) === undefined ? undefined : raw)),
  kind: "text",
  expected: "an http or https URL without user name, password, query or fragment",
  prose:
    "The base URL of the uploads, exactly as it is in the XMPP server's configuration, with or without a final slash. slotd takes PUT and answers GET and HEAD for it on `http.listen` of the domain; a proxy must forward the Host header and the path unchanged. The URL is a part of the identity of every file, so do not change it.",
  example: '"https://upload.example.org/files/"',
} as const satisfies Option;

export const receiverProtocol = {
  ...global,
  ...oneOf("v1", "v2", "token", "jwt"),
  isMandatory: "always",
  prose:
    'How the XMPP server proves that it issued a slot. `"v1"`: Prosody\'s mod_http_upload_external, and ejabberd with `external_secret`. `"v2"`: mod_http_upload_external with the protocol "v2". `"token"`: Metronome. `"jwt"`: Prosody\'s mod_http_file_share with `http_file_share_base_url`. slotd accepts only this one.',
  example: '"jwt"',
} as const satisfies Option;

export const receiverSecret = {
  ...global,
  ...secretText,
  isMandatory: "always",
  isSecret: true,
  prose:
    "The secret, the same as in the configuration of the XMPP server's module, and different for each receiver. With `v1`, `v2` and `token`, PUT URLs do not expire. A new secret makes all previous PUT URLs invalid, and slotd then accepts new uploads to the addresses of deleted files.",
  example: '"a long random text"',
} as const satisfies Option;

export const receiverHosts = {
  ...global,
  schema: z.array(text(parseDomain)).min(1),
  kind: "list",
  expected: "a list of one or more domains",
  defaultWords: "every domain to which the XMPP server issues slots",
  prose:
    "The domains whose users may upload. With `jwt`, slotd refuses the slots of other users. With `jid_in_url`, the first one is the domain of the accounts.",
  example: '["example.org"]',
} as const satisfies Option;

export const jidInUrl = {
  ...global,
  ...oneOf("sha1", "node"),
  defaultWords: "none: the path does not identify users",
  prose:
    "With `v1`, how the first segment of the path identifies the uploader: ejabberd's option of the same name. The quotas of users then apply to the accounts `HASH@DOMAIN` or `NODE@DOMAIN`. Needs `hosts`.",
  example: '"sha1"',
} as const satisfies Option;

/** Where the XMPP server makes the slots, and slotd takes the files. */
export const receiverOptions = {
  "receivers.NAME.url": receiverUrl,
  "receivers.NAME.protocol": receiverProtocol,
  "receivers.NAME.secret": receiverSecret,
  "receivers.NAME.domain": receiverDomain,
  "receivers.NAME.hosts": receiverHosts,
  "receivers.NAME.jid_in_url": jidInUrl,
  "receivers.NAME.max_file_size": {
    ...global,
    ...fileSize,
    derived: from([maxFileSize], ([size]) => size),
    defaultWords: "`max_file_size` of the domain",
    unit: "bytes",
    prose:
      "The maximum size of a file. Set the same limit in the XMPP server, which announces it to clients.",
    example: '"50MiB"',
  },
  "receivers.NAME.retention": {
    ...global,
    ...duration,
    derived: from([retention], ([time]) => time),
    defaultWords: "`retention` of the domain",
    prose:
      "How long slotd keeps a file. With `jwt`, the expiry that the XMPP server states applies if it is earlier.",
    example: '"30d"',
  },
  "receivers.NAME.allowed_types": {
    ...global,
    schema: allowedTypes.schema,
    kind: "list",
    expected: allowedTypes.expected,
    defaultWords: "`allowed_types` of the domain",
    prose:
      "The media types that clients may upload; `denied_types` of the domain applies too. With `v1` the type is only what the client sends.",
    example: '["image/*", "video/mp4"]',
  },
} as const satisfies Record<string, Option>;

const receivers = "receivers";

/** The table of a receiver belongs to a domain that slotd serves, and says to which where there are several. */
const domainRule: Rule = ({ whole, named, breach }) => {
  const served = whole.find(domains).value?.is;
  if (served === undefined) return;
  for (const table of named(receivers)) {
    const { setting, value } = table.find(receiverDomain);
    const isSaid = setting !== undefined || served.length === 1;
    if (value === undefined || (isSaid && served.includes(value.is))) continue;
    breach(receiverDomain, setting ?? table.at, {
      expected: `one of the domains served (${served.join(", ")})`,
      got: setting === undefined ? "no domain" : JSON.stringify(value.is),
      ...(setting === undefined ? { advice: `Set ${table.at.key}.domain.` } : {}),
    });
  }
};

/** A slot for one receiver would be one for the other, and the path of a file would name two. */
const distinctRule: Rule = ({ named, breach }) => {
  const bySecret = new Map<string, NamedScope>();
  const bySpace = new Map<string, NamedScope>();
  for (const table of named(receivers)) {
    const secret = table.find(receiverSecret);
    const url = table.find(receiverUrl);
    const other = bySecret.get(secret.value?.is ?? "");
    if (secret.value !== undefined && other !== undefined) {
      breach(receiverSecret, secret.setting, {
        expected: `another secret than that of [${other.at.key}]`,
        got: "the same",
        advice: "A slot for one receiver would be valid for the other.",
      });
    }
    if (secret.value !== undefined) bySecret.set(secret.value.is, table);
    if (url.value === undefined) continue;
    const space = spaceName(url.value.is);
    const owner = bySpace.get(space);
    bySpace.set(space, owner ?? table);
    if (owner === undefined) continue;
    breach(receiverUrl, url.setting, {
      expected: `another URL than that of [${owner.at.key}]`,
      got: JSON.stringify(url.value.is),
      advice: "Only one receiver can answer for a URL.",
    });
  }
};

/** What never expires must be remembered when it is deleted; a bucket remembers nothing. */
const ledgerRule: Rule = ({ named, breach }) => {
  for (const table of named(receivers)) {
    const { setting, value } = table.find(receiverProtocol);
    const isS3 = table.find(backend).value?.is === "s3";
    if (value === undefined || value.is === "jwt" || !isS3) continue;
    if (table.find(ledgerUrl).value?.is.kind !== "none") continue;
    breach(receiverProtocol, setting, {
      expected: '"jwt", or a ledger for the domain',
      got: JSON.stringify(value.is),
      advice:
        "PUT URLs of this protocol never expire. On S3 only the ledger remembers which files were deleted; set ledger.url.",
    });
  }
};

const userRule: Rule = ({ named, breach }) => {
  for (const table of named(receivers)) {
    const { setting, value } = table.find(jidInUrl);
    if (value?.is === undefined) continue;
    const protocol = table.find(receiverProtocol).value?.is;
    const hasHosts = table.find(receiverHosts).value?.is !== undefined;
    if (protocol === undefined || (protocol === "v1" && hasHosts)) continue;
    breach(jidInUrl, setting, {
      expected: 'protocol = "v1", and hosts',
      got: protocol === "v1" ? "no hosts" : `protocol = ${JSON.stringify(protocol)}`,
      advice: "Only ejabberd's URLs identify the uploader, and only by a part of the JID.",
    });
  }
};

/** Files of one address space are in one store: who asks for an address must find either. */
const sharedRule: Rule = ({ named, breach }) => {
  for (const table of named(receivers)) {
    const url = table.find(receiverUrl).value?.is;
    const { setting, value } = table.find(receiverDomain);
    if (url === undefined || value === undefined) continue;
    const former = named("former").find(({ find }) =>
      find(formerUrls).value?.is.some((each) => spaceName(each) === spaceName(url)),
    );
    const other = former?.find(formerDomain).value?.is;
    if (former === undefined || other === undefined || other === value.is) continue;
    breach(receiverDomain, setting ?? table.at, {
      expected: `${JSON.stringify(other)}, as in [${former.at.key}], which has the same URL`,
      got: JSON.stringify(value.is),
    });
  }
};

/** Whether uploads to a receiver belong to this domain. */
export function hasReceiver(named: Rules["named"], domain: string | undefined): boolean {
  return named(receivers).some(({ find }) => find(receiverDomain).value?.is === domain);
}

export const receiverRules: readonly Rule[] = [domainRule, distinctRule, ledgerRule, userRule, sharedRule];
