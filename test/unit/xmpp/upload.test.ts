import { describe, expect, test } from "bun:test";
import type { Purpose } from "../../../src/slot/purpose.ts";
import type { Refusal } from "../../../src/slot/refusal.ts";
import type { SlotRequest } from "../../../src/slot/slot.ts";
import { pingRoute, versionRoute } from "../../../src/xmpp/basics.ts";
import { contactForms, discoRoutes } from "../../../src/xmpp/disco.ts";
import { type Ignored, type IqRequest, Router } from "../../../src/xmpp/router.ts";
import { StreamParser } from "../../../src/xmpp/stream-parser.ts";
import { notOffered, type SlotService, uploadInfo, uploadRoutes } from "../../../src/xmpp/upload.ts";
import { type Element, serialize } from "../../../src/xmpp/xml/xml.ts";

const NS = "jabber:component:accept";
const host = "upload.example.net";

function router(service: SlotService, maxFileSize: number | undefined = 5_242_880): Router {
  const routes = [...uploadRoutes(service), pingRoute, versionRoute("slotd", "1.2.3")];
  return new Router(host, [...routes, ...discoRoutes(routes, () => uploadInfo(maxFileSize, []))]);
}

const asked: { request: SlotRequest; requester: unknown }[] = [];
const granting: SlotService = (request, requester) => {
  asked.push({ request, requester });
  return { putUrl: "https://x.example/a?b=1&c=2", getUrl: "https://x.example/a" };
};
const refusing =
  (refusal: Refusal): SlotService =>
  () =>
    refusal;

function read(xml: string): Element {
  let stanza: Element | undefined;
  const parser = new StreamParser({
    opened: () => {},
    stanza: (found) => {
      stanza = found;
    },
    oversized: () => {},
    closed: () => {},
    broken: (reason) => {
      throw new Error(reason);
    },
  });
  parser.write(
    new TextEncoder().encode(`<s:stream xmlns='${NS}' xmlns:s='http://etherx.jabber.org/streams'>${xml}`),
  );
  if (stanza === undefined) throw new Error("no stanza in the test's XML");
  return stanza;
}

async function answer(
  xml: string,
  service: SlotService = granting,
  maxFileSize?: number,
): Promise<string | undefined> {
  const reply = await router(service, maxFileSize).answer(read(xml));
  return "ignored" in reply ? undefined : serialize(reply, NS);
}

function iq(child: string, type = "get", to = host): string {
  return `<iq type='${type}' id='step_03' from='romeo@example.net/garden' to='${to}' xml:lang='en'>${child}</iq>`;
}

const replyTo = `id='step_03' from='${host}' to='romeo@example.net/garden'`;
const request =
  "<request xmlns='urn:xmpp:http:upload:0' filename='très cool.jpg' size='23456' content-type='image/jpeg'/>";
const legacyRequest =
  "<request xmlns='urn:xmpp:http:upload'><filename>très cool.jpg</filename><size>23456</size><content-type>image/jpeg</content-type></request>";

describe("a slot request", () => {
  test.each([
    ["as attributes", request],
    ["with white space inside", request.replace("/>", ">\n  </request>")],
    ["as child elements, in the older namespace", legacyRequest],
  ])("is read %s", async (_, child) => {
    asked.length = 0;
    await answer(iq(child));
    expect(asked).toEqual([
      {
        request: { filename: "très cool.jpg", size: 23456, contentType: "image/jpeg", purpose: "message" },
        requester: { bareJid: "romeo@example.net", domain: "example.net" },
      },
    ]);
  });

  test("is answered with both URLs, escaped", async () => {
    expect(await answer(iq(request))).toBe(
      `<iq type='result' ${replyTo}><slot xmlns='urn:xmpp:http:upload:0'><put url='https://x.example/a?b=1&amp;c=2'/><get url='https://x.example/a'/></slot></iq>`,
    );
  });

  test("is answered with child elements in the older namespace", async () => {
    expect(await answer(iq(legacyRequest))).toBe(
      `<iq type='result' ${replyTo}><slot xmlns='urn:xmpp:http:upload'><put>https://x.example/a?b=1&amp;c=2</put><get>https://x.example/a</get></slot></iq>`,
    );
  });

  test.each([
    ["urn:xmpp:http:upload:0", request],
    ["urn:xmpp:http:upload", legacyRequest],
  ])(
    "over the limit echoes the request, then condition, text and file-too-large in %s",
    async (ns, child) => {
      const reply = await answer(
        iq(child),
        refusing({ kind: "too-large", maxFileSize: 20_000, text: "Too <large>." }),
      );
      const echo = serialize(read(iq(child)).children[0] as Element, NS);
      expect(reply).toBe(
        `<iq type='error' ${replyTo}>${echo}<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Too &lt;large&gt;.</text><file-too-large xmlns='${ns}'><max-file-size>20000</max-file-size></file-too-large></error></iq>`,
      );
    },
  );

  test("of a JID that nobody prepared counts for its account, and is answered to the JID as it came", async () => {
    asked.length = 0;
    const from = "Romeo@XN--MNCHEN-3YA.example./Garden";
    const reply = await answer(iq(request).replace("romeo@example.net/garden", from));
    expect(asked[0]?.requester).toEqual({ bareJid: "romeo@münchen.example", domain: "münchen.example" });
    expect(reply).toContain(`to='${from}'`);
  });

  test("to the component's JID in another spelling is for it", async () => {
    const other = await answer(iq(request, "get", "Upload.EXAMPLE.net."));
    expect(other).toContain("type='result'");
    expect(other).toContain("from='Upload.EXAMPLE.net.'");
  });

  test("from a stranger gets auth/forbidden", async () => {
    const reply = await answer(iq(request), refusing({ kind: "forbidden", text: "No." }));
    expect(reply).toContain("<error type='auth'><forbidden ");
  });

  test.each([
    ["no size", "<request xmlns='urn:xmpp:http:upload:0' filename='a'/>"],
    ["a bad size", "<request xmlns='urn:xmpp:http:upload:0' filename='a' size='-1'/>"],
    ["no filename", "<request xmlns='urn:xmpp:http:upload:0' size='1'/>"],
    ["a path as filename", "<request xmlns='urn:xmpp:http:upload:0' filename='../a' size='1'/>"],
    [
      "a header in the type",
      "<request xmlns='urn:xmpp:http:upload:0' filename='a' size='1' content-type='a/b&#13;&#10;c: d'/>",
    ],
    ["attributes in the older namespace", "<request xmlns='urn:xmpp:http:upload' filename='a' size='1'/>"],
  ])("with %s gets modify/bad-request and a text", async (_, child) => {
    const reply = await answer(iq(child));
    expect(reply).toContain("<error type='modify'><bad-request ");
    expect(reply).toContain("<text ");
  });

  test.each([request, legacyRequest])("as IQ set gets cancel/not-allowed", async (child) => {
    expect(await answer(iq(child, "set"))).toContain("<error type='cancel'><not-allowed ");
  });

  test("may be decided later", async () => {
    const later: SlotService = async () => ({ putUrl: "https://p", getUrl: "https://g" });
    expect(await answer(iq(request), later)).toContain("<put url='https://p'/>");
  });
});

describe("the purpose of a slot", () => {
  const ns = "urn:xmpp:http:upload:purpose:0";
  const requestFor = (...children: string[]) => request.replace("/>", `>${children.join("")}</request>`);
  const legacyFor = (...children: string[]) =>
    legacyRequest.replace("</request>", `${children.join("")}</request>`);

  test.each([
    ["message", ""],
    ["profile", ""],
    ["permanent", ""],
    ["ephemeral", " expire-before='2030-09-10T23:08:25Z'"],
  ])("%s is read in either namespace", async (name, attribute) => {
    for (const build of [requestFor, legacyFor]) {
      asked.length = 0;
      await answer(iq(build(`<${name} xmlns='${ns}'${attribute}/>`)));
      expect(asked[0]?.request.purpose as string).toBe(name);
      expect(asked[0]?.request.expireBefore?.toISOString()).toBe(
        attribute === "" ? undefined : "2030-09-10T23:08:25.000Z",
      );
    }
  });

  test.each([
    ["an unknown one", [`<story xmlns='${ns}'/>`]],
    ["two", [`<message xmlns='${ns}'/>`, `<profile xmlns='${ns}'/>`]],
    ["ephemeral without a time", [`<ephemeral xmlns='${ns}'/>`]],
    ["ephemeral with no time of XEP-0082", [`<ephemeral xmlns='${ns}' expire-before='soon'/>`]],
  ])("%s gets modify/bad-request and a text, and no slot", async (_, children) => {
    for (const build of [requestFor, legacyFor]) {
      asked.length = 0;
      const reply = await answer(iq(build(...children)));
      expect(reply).toContain("<error type='modify'><bad-request ");
      expect(reply).toContain("<text ");
      expect(asked).toEqual([]);
    }
  });

  test("is none that an element of another namespace states", async () => {
    asked.length = 0;
    await answer(iq(requestFor("<profile xmlns='urn:other'/>")));
    expect(asked[0]?.request.purpose).toBe("message");
  });

  test("that is off gets modify/feature-not-implemented", async () => {
    const reply = await answer(iq(request), refusing({ kind: "purpose-off", text: "No." }));
    expect(reply).toContain("<error type='modify'><feature-not-implemented ");
  });
});

describe("a refusal that time heals", () => {
  test.each(["over-quota", "too-fast", "ledger-away"] as const)(
    "%s is wait/resource-constraint with the time to try again",
    async (kind) => {
      const retryAt = new Date("2030-01-02T03:04:05.001Z");
      const reply = await answer(iq(request), refusing({ kind, retryAt, text: "Later." }));
      expect(reply).toContain(
        "<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Later.</text><retry xmlns='urn:xmpp:http:upload:0' stamp='2030-01-02T03:04:06Z'/></error>",
      );
    },
  );

  test("has no retry where waiting can't help", async () => {
    const reply = await answer(
      iq(request),
      refusing({ kind: "over-quota", retryAt: undefined, text: "Delete." }),
    );
    expect(reply).toContain("<resource-constraint ");
    expect(reply).not.toContain("<retry");
  });
});

describe("service discovery", () => {
  test("tells identity, features and the limit", async () => {
    const reply = await answer(iq("<query xmlns='http://jabber.org/protocol/disco#info'/>"));
    expect(reply).toContain("<identity category='store' type='file' name='HTTP File Upload'/>");
    const features = [...(reply ?? "").matchAll(/<feature var='([^']+)'\/>/g)].map((match) => match[1]);
    expect(features).toEqual([
      "http://jabber.org/protocol/disco#info",
      "http://jabber.org/protocol/disco#items",
      "jabber:iq:version",
      "urn:xmpp:http:upload",
      "urn:xmpp:http:upload:0",
      "urn:xmpp:ping",
    ]);
    expect(reply).toContain(
      "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:http:upload:0</value></field><field var='max-file-size'><value>5242880</value></field></x>",
    );
  });

  test("announces exactly the purposes that are on, as they are at the time", async () => {
    let on: Purpose[] = ["message", "ephemeral"];
    const routes = discoRoutes([], () => uploadInfo(1, on));
    const announced = async () => {
      const reply = await new Router(host, routes).answer(
        read(iq("<query xmlns='http://jabber.org/protocol/disco#info'/>")),
      );
      return [...serialize(reply as Element, NS).matchAll(/purpose:0#(\w+)'/g)].map((match) => match[1]);
    };
    expect(await announced()).toEqual(["ephemeral", "message"]);
    on = ["message", "profile", "permanent"];
    expect(await announced()).toEqual(["message", "permanent", "profile"]);
  });

  test("has no field for a limit that is not there", () => {
    expect(uploadInfo(undefined, []).forms.map((form) => form.fields)).toEqual([{}, {}]);
  });

  test("says whom to tell of abuse, where somebody is named", async () => {
    const ask = async (abuse: readonly string[]) => {
      const routes = discoRoutes([], () => ({
        ...notOffered,
        forms: contactForms({ abuse }),
      }));
      const query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
      return serialize((await new Router(host, routes).answer(read(iq(query)))) as Element, NS);
    };
    expect(await ask(["mailto:a@b.org", "xmpp:a@b.org"])).toContain(
      "<value>http://jabber.org/network/serverinfo</value></field><field var='abuse-addresses' type='list-multi'>" +
        "<value>mailto:a@b.org</value><value>xmpp:a@b.org</value></field></x>",
    );
    expect(await ask([])).not.toContain("serverinfo");
  });

  test("knows no nodes", async () => {
    for (const name of ["info", "items"]) {
      const reply = await answer(iq(`<query xmlns='http://jabber.org/protocol/disco#${name}' node='x'/>`));
      expect(reply).toContain("<error type='cancel'><item-not-found ");
    }
  });

  test("has no items", async () => {
    expect(await answer(iq("<query xmlns='http://jabber.org/protocol/disco#items'/>"))).toBe(
      `<iq type='result' ${replyTo}><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
    );
  });
});

describe("other stanzas", () => {
  test("a ping is answered with an empty result", async () => {
    expect(await answer(iq("<ping xmlns='urn:xmpp:ping'/>"))).toBe(`<iq type='result' ${replyTo}/>`);
  });

  test("the version is told", async () => {
    expect(await answer(iq("<query xmlns='jabber:iq:version'/>"))).toContain(
      "<name>slotd</name><version>1.2.3</version>",
    );
  });

  test.each([
    ["an unknown element", iq("<vCard xmlns='vcard-temp'/>")],
    ["a ping by set", iq("<ping xmlns='urn:xmpp:ping'/>", "set")],
    ["a user of the component", iq(request, "get", `someone@${host}`)],
    ["another host", iq(request, "get", "other.example.net")],
  ])("%s gets service-unavailable", async (_, xml) => {
    expect(await answer(xml)).toContain("<error type='cancel'><service-unavailable ");
  });

  test.each([
    ["no child", iq("")],
    ["two children", iq(`${request}${request}`)],
    ["an unknown type", iq(request, "frobnicate")],
    ["no id", iq(request).replace("id='step_03' ", "")],
  ])("an IQ with %s gets bad-request", async (_, xml) => {
    expect(await answer(xml)).toContain("<error type='modify'><bad-request ");
  });

  test("an error echoes no request that would be written at great length", async () => {
    const ns = "urn:x:".padEnd(2_000, "y");
    const small = await answer(iq("<x xmlns='urn:x'><a/></x>"));
    expect(small).toContain("<x xmlns='urn:x'><a/></x><error ");
    const large = await answer(iq(`<x xmlns:p='${ns}'>${"<p:a/>".repeat(400)}</x>`));
    expect(large).toBe(
      `<iq type='error' ${replyTo}><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
    expect(await answer(iq(`<x a='${"y".repeat(4_000)}'/>`))).not.toContain("<x ");
  });

  test.each([
    ["a result", iq("", "result"), "response"],
    ["an error", iq(request, "error"), "response"],
    ["a message", "<message from='a@b' to='c' type='chat'><body>hi</body></message>", "message"],
    ["presence", "<presence from='a@b' to='c' type='subscribe'/>", "presence"],
    [
      "an IQ with an id of more than 4,096 characters",
      iq(request).replace("step_03", '"'.repeat(4_097)),
      "id",
    ],
    ["an IQ without from", `<iq type='get' id='1' to='${host}'>${request}</iq>`, "address"],
    ["an IQ to no JID", iq(request, "get", "@"), "address"],
    ["an IQ of a foreign namespace", iq(request).replace("<iq", "<iq xmlns='urn:x'"), "unknown"],
    ["an element that is no stanza", "<route from='a@b' to='c'/>", "unknown"],
  ])("%s is never answered, and the reason is told", async (_, xml, ignored) => {
    expect(await router(granting).answer(read(xml))).toEqual({ ignored } as Ignored);
  });

  test.each(["jabber:client", "jabber:server"])("an IQ of %s is answered as any other", async (ns) => {
    const asOther = iq(request).replace("<iq", `<iq xmlns='${ns}'`);
    expect(await answer(asOther)).toBe(await answer(iq(request)));
    const broken = iq("<x xmlns='urn:x'/>").replace("<iq", `<iq xmlns='${ns}'`);
    expect(await answer(broken)).toContain("<service-unavailable ");
  });
});

test("a router tells a handler who asked", async () => {
  const seen: IqRequest[] = [];
  const route = {
    type: "get" as const,
    ns: "urn:x",
    name: "x",
    feature: undefined,
    handle: (request: IqRequest) => {
      seen.push(request);
      return { result: undefined };
    },
  };
  await new Router(host, [route]).answer(
    read(iq("<x xmlns='urn:x'/>").replace("romeo@example.net/garden", "Example.NET")),
  );
  expect(seen[0]?.from).toEqual({ local: undefined, domain: "example.net", resource: undefined });
});
