import { z } from "zod";
import { type Option, perDomain } from "./option.ts";
import { address, boolean, oneOf, path, secretText } from "./types.ts";

/** Where the XMPP server is. */
export const xmppOptions = {
  "xmpp.component": {
    ...perDomain,
    ...oneOf("on", "off"),
    default: "on",
    prose:
      'Whether slotd connects to the XMPP server as the component `host`. With `"off"`, only the server\'s own upload module issues slots: see `receivers.NAME` and `service_url.NAME`.',
    example: '"off"',
  },
  "xmpp.address": {
    ...perDomain,
    ...address,
    default: "127.0.0.1:5347",
    prose: "The XMPP server's component port.",
    example: '"127.0.0.1:5347"',
  },
  "xmpp.secret": {
    ...perDomain,
    ...secretText,
    isMandatory: "always",
    onlyWith: { name: "xmpp.component", value: "on" },
    isSecret: true,
    prose: "The component secret, equal to the secret in the XMPP server's configuration.",
    example: '"a long random text"',
  },
  "xmpp.tls": {
    ...perDomain,
    ...boolean,
    default: false,
    prose:
      "Whether slotd connects to the component port with TLS from the first byte (supported by ejabberd and MongooseIM).",
    example: "true",
  },
  "xmpp.tls_ca": {
    ...perDomain,
    ...path("the path of a PEM file"),
    defaultWords: "the system's authorities",
    prose:
      "The certificate authorities to trust for `xmpp.tls`. The server's certificate must match the host in `xmpp.address`.",
    example: '"/etc/slotd/ca.pem"',
  },
  "contact.abuse": {
    ...perDomain,
    schema: z.array(z.string().regex(/^(?:mailto|xmpp|https?|tel):[^\s\p{Cc}]+$/u)),
    kind: "list",
    expected: 'a list of addresses as URIs, such as "mailto:abuse@example.org" or "xmpp:abuse@example.org"',
    default: [],
    prose:
      "The contact for reports of abusive files. Clients show it as the contact of the upload service (XEP-0157).",
    example: '["mailto:abuse@example.org", "xmpp:abuse@example.org"]',
  },
} as const satisfies Record<string, Option>;
