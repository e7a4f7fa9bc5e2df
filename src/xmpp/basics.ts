import type { Route } from "./router.ts";
import { element } from "./xml/xml.ts";

export const NS_PING = "urn:xmpp:ping";
export const NS_VERSION = "jabber:iq:version";

/** Answers a ping with an empty result. Source: XEP-0199 §4. */
export const pingRoute: Route = {
  type: "get",
  ns: NS_PING,
  name: "ping",
  feature: NS_PING,
  handle: () => ({ result: undefined }),
};

/**
 * Answers with the name and version of the software; the operating system is nobody's business. Source: XEP-0092 §3.
 */
export function versionRoute(name: string, version: string): Route {
  const result = element("query", NS_VERSION, {}, [
    element("name", NS_VERSION, {}, [name]),
    element("version", NS_VERSION, {}, [version]),
  ]);
  return { type: "get", ns: NS_VERSION, name: "query", feature: NS_VERSION, handle: () => ({ result }) };
}
