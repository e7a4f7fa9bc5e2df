import type { Term } from "./erlang-terms.ts";
import type { Given, HostSection, ModuleSection, MongooseConfig } from "./mongooseim-config.ts";

/** Finds what matters in the terms of a mongooseim.cfg, or of a part of one. */
export function configFromTerms(terms: readonly Term[]): MongooseConfig {
  // What was cut out of a file may be a list of modules.
  const top = terms.flatMap((term) => (term.kind === "list" ? term.items : [term]));
  const alone = uploadIn(top);
  const modules = pairOf(top, "modules");
  return {
    hosts: [...textsOf(pairOf(top, "hosts")), ...textsOf(pairOf(top, "host"))],
    hostTypes: textsOf(pairOf(top, "host_types")),
    modules: modules ? sectionOf(modules, false) : alone && { upload: alone, isAddition: false },
    hostSections: top.flatMap(hostSections),
    components: itemsOf(pairOf(top, "listen")).flatMap(componentOf),
  };
}

/** `{host_config, "domain", [...]}`. */
function hostSections(term: Term): HostSection[] {
  const [tag, name, body] = tupleOf(term);
  if (nameOf(tag) !== "host_config" || name === undefined || body === undefined) return [];
  const own = itemsOf(body);
  const replaced = pairOf(own, "modules");
  const added = own.map(tupleOf).find(([key]) => tupleOf(key).map(nameOf).join() === "add,modules")?.[1];
  const modules = replaced ? sectionOf(replaced, false) : added && sectionOf(added, true);
  return [{ name: textOf(name) ?? "", isType: false, line: term.line, modules }];
}

function sectionOf(modules: Term, isAddition: boolean): ModuleSection {
  return { upload: uploadIn(itemsOf(modules)), isAddition };
}

function uploadIn(modules: readonly Term[]): readonly Given[] | undefined {
  const options = pairOf(modules, "mod_http_upload");
  return options && givenIn(options, "");
}

/** The options of a property list; lists of pairs inside it are flattened. */
function givenIn(options: Term, prefix: string): Given[] {
  return itemsOf(options).flatMap((option) => {
    const [name, value] = option.kind === "atom" ? [option, undefined] : tupleOf(option);
    const key = `${prefix}${nameOf(name) ?? "?"}`;
    if (value?.kind === "list" && value.items.some((item) => item.kind === "tuple")) {
      return givenIn(value, `${key}.`);
    }
    return [{ key, value: option.kind === "atom" ? true : scalarOf(value), line: option.line }];
  });
}

/** `{Port, ejabberd_service, Options}`; the port may stand in a tuple with the address. */
function componentOf(listener: Term): (readonly Given[])[] {
  const [place, module, options] = tupleOf(listener);
  if (nameOf(module) !== "ejabberd_service" || place === undefined) return [];
  const [port, address] = place.kind === "tuple" ? place.items : [place, undefined];
  const { line } = listener;
  const given = options === undefined ? [] : givenIn(options, "");
  const ip =
    itemsOf(options)
      .map(tupleOf)
      .find(([name]) => nameOf(name) === "ip")?.[1] ?? address;
  return [
    [
      ...given.filter(({ key }) => key !== "ip"),
      { key: "port", value: scalarOf(port), line },
      ...(ip === undefined ? [] : [{ key: "ip_address", value: addressOf(ip), line }]),
    ],
  ];
}

/** `"127.0.0.1"` or `{127,0,0,1}`. */
function addressOf(term: Term): string | undefined {
  if (term.kind !== "tuple") return textOf(term);
  const numbers = term.items.map((item) => (item.kind === "number" ? item.value : 0));
  if (numbers.length === 4) return numbers.join(".");
  return numbers.map((number) => number.toString(16)).join(":");
}

/** The value of the first pair of this name. */
function pairOf(terms: readonly Term[], name: string): Term | undefined {
  return terms
    .map(tupleOf)
    .find(([key, value, ...rest]) => nameOf(key) === name && value && rest.length === 0)?.[1];
}

function scalarOf(term: Term | undefined): Given["value"] {
  if (term?.kind === "number") return term.value;
  if (term?.kind === "atom" && (term.name === "true" || term.name === "false")) return term.name === "true";
  return term && (textOf(term) ?? nameOf(term));
}

function tupleOf(term: Term | undefined): readonly Term[] {
  return term?.kind === "tuple" ? term.items : [];
}

function itemsOf(term: Term | undefined): readonly Term[] {
  return term?.kind === "list" ? term.items : [];
}

function nameOf(term: Term | undefined): string | undefined {
  return term?.kind === "atom" ? term.name : undefined;
}

function textOf(term: Term): string | undefined {
  return term.kind === "text" ? term.text : undefined;
}

function textsOf(term: Term | undefined): string[] {
  if (term === undefined) return [];
  const items = term.kind === "list" ? term.items : [term];
  return items.flatMap((item) => textOf(item) ?? []);
}
