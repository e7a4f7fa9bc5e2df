import { parseAddress } from "../config/values.ts";
import type { Given } from "./mongooseim-config.ts";
import type { Note } from "./note.ts";

/** What slotd takes over of a listener for components. */
export interface ComponentListener {
  /** Undefined when there is no listener. */
  readonly address: string | undefined;
  readonly secret: string | undefined;
  /** Whether it has TLS from the first byte. */
  readonly hasTls: boolean;
}

/**
 * The listener that slotd is to use: the first without a shaper, or else the first. What hinders slotd there, and that
 * there are others, is noted.
 */
export function listenerOf(listeners: readonly (readonly Given[])[], notes: Note[]): ComponentListener {
  const chosen = listeners.find((listener) => shaperOf(listener) === undefined) ?? listeners[0];
  if (chosen === undefined) return { address: undefined, secret: undefined, hasTls: false };
  for (const other of listeners) {
    if (other !== chosen)
      notes.push({ line: other[0]?.line, text: "slotd does not use this second listener for components." });
  }
  const address = addressOf(chosen);
  noteShaper(chosen, notes);
  noteConflict(chosen, notes);
  const secret = optionOf(chosen, "password");
  return {
    address: parseAddress(address, 1) === undefined ? undefined : address,
    secret: typeof secret === "string" && secret !== "" ? secret : undefined,
    hasTls: hasTls(chosen, address, notes),
  };
}

/** `shaper` from 6.4 on, `shaper_rule` before. */
function shaperOf(listener: readonly Given[]): Given | undefined {
  return listener.find(({ key, value }) => (key === "shaper" || key === "shaper_rule") && value !== "none");
}

function noteShaper(listener: readonly Given[], notes: Note[]): void {
  const shaper = shaperOf(listener);
  if (shaper === undefined) return;
  const text = `${shaper.key} holds slotd back on this listener: "fast" reads 50,000 bytes a second from it, some 57 slots. Remove the line, or add a listener without it and put its port into xmpp.address.`;
  notes.push({ line: shaper.line, text });
}

function noteConflict(listener: readonly Given[], notes: Note[]): void {
  const conflict = listener.find(({ key, value }) => key === "conflict_behaviour" && value === "kick_old");
  if (conflict === undefined) return;
  const text = `With conflict_behaviour "kick_old" two slotd processes disconnect each other. Set "disconnect": the second is then on standby.`;
  notes.push({ line: conflict.line, text });
}

/** The listener's TLS begins with the first byte unless its mode says otherwise; slotd knows no STARTTLS there. */
function hasTls(listener: readonly Given[], address: string, notes: Note[]): boolean {
  const tls = listener.find(({ key }) => key === "tls" || key.startsWith("tls."));
  if (tls === undefined || tls.value === false) return false;
  if (optionOf(listener, "tls.mode") === "starttls") {
    const text = `The listener has STARTTLS, which slotd does not use there: set tls.mode = "tls" and xmpp.tls = true, or take TLS away.`;
    notes.push({ line: tls.line, text });
    return false;
  }
  const { host } = parseAddress(address, 1) ?? { host: address };
  const text = `The listener has TLS, so xmpp.tls is set. Its certificate must be for ${host}: else put the name that it has into xmpp.address. If an authority of your own issued it, set xmpp.tls_ca.`;
  notes.push({ line: tls.line, text });
  return true;
}

function addressOf(listener: readonly Given[]): string {
  const ip = optionOf(listener, "ip_address");
  const isAny = ip === undefined || ip === "0.0.0.0" || ip === "::" || ip === "0:0:0:0:0:0:0:0";
  const host = isAny ? "127.0.0.1" : String(ip).includes(":") ? `[${ip}]` : String(ip);
  return `${host}:${optionOf(listener, "port")}`;
}

function optionOf(listener: readonly Given[], key: string): Given["value"] {
  return listener.find((option) => option.key === key)?.value;
}
