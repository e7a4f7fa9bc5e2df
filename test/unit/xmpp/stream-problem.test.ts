import { describe, expect, test } from "bun:test";
import { fromStreamError, unreachable } from "../../../src/xmpp/stream-problem.ts";
import { element } from "../../../src/xmpp/xml/xml.ts";

const NS = "urn:ietf:params:xml:ns:xmpp-streams";
const target = { host: "upload.example.net", address: "xmpp.example.net:5347" };

function problem(condition: string, text?: string, isOnline = false) {
  const children = [element(condition, NS), ...(text === undefined ? [] : [element("text", NS, {}, [text])])];
  return fromStreamError(
    element("error", "http://etherx.jabber.org/streams", {}, children),
    target,
    isOnline,
  );
}

describe("a stream error", () => {
  test("of invalid-namespace says what jabberd2 wants, with its own text", () => {
    const { kind, text, serverText } = problem(
      "invalid-namespace",
      "support for legacy components not available",
    );
    expect(kind).toBe("refused");
    expect(text).toContain("on jabberd2 set <secret> under <local> in router.xml");
    expect(serverText).toBe("support for legacy components not available");
  });

  test("has the server's text on one line, short, and with nothing that steers a terminal", () => {
    const { serverText = "" } = problem("policy-violation", `  one\n\u001b[2Jtwo\u202e${"x".repeat(70_000)}`);
    expect(serverText).toStartWith("one\\u{A}\\u{1B}[2Jtwo\\u{202E}xxx");
    expect(serverText.length).toBeLessThan(230);
    expect(problem("conflict").serverText).toBeUndefined();
    expect(problem("conflict", " \n ").serverText).toBeUndefined();
  });

  test("has a condition that is cleaned in the same way", () => {
    expect(problem("x".repeat(5_000)).text.length).toBeLessThan(300);
  });

  test("of conflict means another thing during the login than while online", () => {
    expect(problem("conflict")).toMatchObject({
      kind: "conflict",
      text: expect.stringContaining("mod_http_upload"),
    });
    expect(problem("conflict", "Replaced by new connection", true)).toMatchObject({
      kind: "replaced",
      text: expect.stringContaining("kick_old"),
      serverText: "Replaced by new connection",
    });
  });
});

describe("a connection that cannot be made", () => {
  test.each([
    ["ECONNREFUSED", "Start the XMPP server, or correct xmpp.address"],
    ["ECONNREFUSED", "its first Component, which it loads at a restart and not at a reload"],
    ["ENOTFOUND", "correct xmpp.address"],
    [undefined, "correct xmpp.address"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "set xmpp.tls_ca to the PEM file"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "set xmpp.tls_ca to the PEM file"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "valid for xmpp.example.net."],
    ["CERT_HAS_EXPIRED", "Renew the certificate"],
  ])("for %p says: %s", (code, advice) => {
    expect(unreachable(target, { reason: "it failed", code }).text).toContain(advice);
  });
});
