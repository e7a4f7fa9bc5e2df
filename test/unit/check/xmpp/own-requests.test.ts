import { describe, expect, test } from "bun:test";
import { type Asker, sendOwnRequests } from "../../../../src/check/xmpp/own-requests.ts";
import { NS_VERSION } from "../../../../src/xmpp/basics.ts";
import { Questions } from "../../../../src/xmpp/questions.ts";
import { NS_COMPONENT } from "../../../../src/xmpp/stanza-error.ts";
import { type Element, element, serialize } from "../../../../src/xmpp/xml/xml.ts";

const host = "upload.example.org";

type Deliver = (questions: Questions, iq: Element) => void;

/** A component whose stanzas a server passes on as `deliver` does. */
function asker(deliver: Deliver): Asker {
  const questions = new Questions();
  return {
    ...{ host, domain: "example.org" },
    ask: (question, timeout) => questions.ask(question, host, timeout, (iq) => deliver(questions, iq)),
  };
}

const answerOf = ({ attrs }: Element, name: string): Element =>
  element("iq", NS_COMPONENT, { type: "result", id: attrs.id, from: host, to: host }, [
    element("query", NS_VERSION, {}, [element("name", NS_VERSION, {}, [name])]),
  ]);

const back: Deliver = (questions, iq) => {
  questions.take(iq);
  questions.take(answerOf(iq, "slotd"));
};

const monotonic = () => performance.now();
const look = (deliver: Deliver, yieldsToOther = false) =>
  sendOwnRequests(asker(deliver), { monotonic, yieldsToOther, patience: 300 });

describe("requests to the component's own JID", () => {
  test("that all come back tell the time that they take, and nobody else", async () => {
    const seen = await look((questions, iq) => setTimeout(() => back(questions, iq), 2));
    expect(seen).toMatchObject({ sent: 56, arrived: 56, answered: 56, others: [], heldTo: undefined });
    expect(seen.roundTrip).toBeGreaterThanOrEqual(1);
  });

  test("that go to something else every other time tell who that is", async () => {
    let count = 0;
    const seen = await look((questions, iq) => {
      count += 1;
      if (count % 2 === 1) return back(questions, iq);
      const { id } = iq.attrs;
      const error = element("error", NS_COMPONENT, { type: "cancel" }, [
        element("service-unavailable", "urn:ietf:params:xml:ns:xmpp-stanzas"),
      ]);
      // Of its answers every other one goes astray as well.
      if (count % 4 === 0)
        questions.take(element("iq", NS_COMPONENT, { type: "error", id, from: host, to: host }, [error]));
    });
    expect(seen.others).toEqual(["an error, service-unavailable"]);
    expect(seen.arrived).toBe(seen.sent / 2);
    expect(seen.sent).toBe(26);
  });

  test("end as soon as another slotd answers, where the check is the guest", async () => {
    const seen = await look((questions, iq) => void questions.take(answerOf(iq, "slotd")), true);
    expect(seen).toMatchObject({ sent: 1, arrived: 0, others: ["slotd"] });
  });

  test("are not answered by whoever is not asked", async () => {
    const questions = new Questions();
    const { reply } = questions.ask(
      { to: host, id: "a", payload: element("query", NS_VERSION) },
      host,
      50,
      () => undefined,
    );
    const forged = { type: "result", id: "a", from: "eve@example.org", to: host };
    expect(questions.take(element("iq", NS_COMPONENT, forged))).toBe(false);
    expect(await reply).toEqual({ kind: "none" });
  });

  /** As MongooseIM's shaper: so many bytes at once, and then so many a second. */
  const shaped = (perSecond: number, atOnce: number): Deliver => {
    const began = performance.now();
    let passed = -atOnce;
    return (questions, iq) => {
      const bytes =
        serialize(iq, NS_COMPONENT).length + serialize(answerOf(iq, "slotd"), NS_COMPONENT).length;
      passed = Math.max(passed + bytes, ((performance.now() - began) / 1000) * perSecond - atOnce + bytes);
      const due = (passed / perSecond) * 1000 - (performance.now() - began);
      if (due <= 0) queueMicrotask(() => back(questions, iq));
      else setTimeout(() => back(questions, iq), due);
    };
  };

  test.each([
    ["with 50 kB at once", 50_000],
    ["from the first byte", 0],
  ])("tell the pace of a listener that is held to 50 kB a second, %s", async (_, atOnce) => {
    const { heldTo = 0 } = await look(shaped(50_000, atOnce));
    expect(heldTo).toBeGreaterThan(25_000);
    expect(heldTo).toBeLessThan(100_000);
  });

  test("tell no pace of a server that is far away", async () => {
    const seen = await look((questions, iq) => setTimeout(() => back(questions, iq), 150));
    expect(seen.heldTo).toBeUndefined();
    expect(seen.roundTrip).toBeGreaterThan(140);
  });
});
