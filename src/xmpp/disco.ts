import type { IqAnswer, IqRequest, Route } from "./router.ts";
import { stanzaError } from "./stanza-error.ts";
import { type Element, element } from "./xml/xml.ts";

export const NS_DISCO_INFO = "http://jabber.org/protocol/disco#info";
export const NS_DISCO_ITEMS = "http://jabber.org/protocol/disco#items";
const NS_DATA = "jabber:x:data";

/** A data form of disco#info: FORM_TYPE and fields. Source: XEP-0128. */
export interface InfoForm {
  readonly formType: string;
  /** Several values make a field of type list-multi. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
}

export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name: string;
}

/** What disco#info says to one requester beside the features that everyone is told. */
export interface Info {
  readonly identity: Identity;
  readonly features: readonly string[];
  readonly forms: readonly InfoForm[];
}

/**
 * The routes of service discovery: the features are those of the routes given, of these two, and those of `info`,
 * which is asked at each request, so that a changed limit is told at once, and each requester what is for them.
 * Source: XEP-0030 §3, §4; a node is unknown: §3.2.
 */
export function discoRoutes(routes: readonly Route[], info: (request: IqRequest) => Info): Route[] {
  const routed = [NS_DISCO_INFO, NS_DISCO_ITEMS, ...routes.flatMap((route) => route.feature ?? [])];
  const encodeInfo = ({ identity, features, forms }: Info): Element =>
    element("query", NS_DISCO_INFO, {}, [
      element("identity", NS_DISCO_INFO, { ...identity }),
      ...[...new Set([...routed, ...features])]
        .sort()
        .map((feature) => element("feature", NS_DISCO_INFO, { var: feature })),
      ...forms.map(encodeForm),
    ]);
  const answerInfo = (request: IqRequest): Element => encodeInfo(info(request));
  return [
    {
      type: "get",
      ns: NS_DISCO_INFO,
      name: "query",
      feature: NS_DISCO_INFO,
      handle: withoutNode(answerInfo),
    },
    {
      type: "get",
      ns: NS_DISCO_ITEMS,
      name: "query",
      feature: NS_DISCO_ITEMS,
      handle: withoutNode(() => element("query", NS_DISCO_ITEMS)),
    },
  ];
}

function withoutNode(answer: (request: IqRequest) => Element): (request: IqRequest) => IqAnswer {
  return (request) => {
    if (request.payload.attrs.node)
      return { error: stanzaError("cancel", "item-not-found", "There are no nodes here.") };
    return { result: answer(request) };
  };
}

function encodeForm(form: InfoForm): Element {
  const field = (name: string, given: string | readonly string[], type?: string): Element => {
    const isList = typeof given !== "string";
    const values = isList ? given : [given];
    const children = values.map((value) => element("value", NS_DATA, {}, [value]));
    return element("field", NS_DATA, { var: name, type: isList ? "list-multi" : type }, children);
  };
  return element("x", NS_DATA, { type: "result" }, [
    field("FORM_TYPE", form.formType, "hidden"),
    ...Object.entries(form.fields).map(([name, value]) => field(name, value)),
  ]);
}

/** The form that says whom to write to; none where nobody is named. Source: XEP-0157 §3. */
export function contactForms(contact: { readonly abuse: readonly string[] }): InfoForm[] {
  const fields = contact.abuse.length === 0 ? {} : { "abuse-addresses": contact.abuse };
  if (Object.keys(fields).length === 0) return [];
  return [{ formType: "http://jabber.org/network/serverinfo", fields }];
}
