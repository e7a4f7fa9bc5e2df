import { SaxesParser } from "saxes";

/** An element of an S3 answer. Namespaces and attributes carry no meaning there. */
export interface XmlNode {
  readonly name: string;
  /** The text directly in it, joined and trimmed. */
  readonly text: string;
  readonly children: readonly XmlNode[];
}

interface Building {
  readonly name: string;
  text: string;
  readonly children: Building[];
}

const MAX_DEPTH = 32;

/** Reads an XML answer; undefined when it is not well-formed, or nested deeper than any answer of S3. */
export function parseXml(xml: string): XmlNode | undefined {
  // COMPAT(saxes): the parser goes on after an error, so that the first one has to be remembered.
  let isBroken = false;
  let root: Building | undefined;
  const open: Building[] = [];
  const parser = new SaxesParser();
  parser.on("error", () => {
    isBroken = true;
  });
  parser.on("opentag", ({ name }) => {
    const node: Building = { name: name.replace(/^.*:/, ""), text: "", children: [] };
    if (open.length >= MAX_DEPTH) isBroken = true;
    else open.at(-1)?.children.push(node);
    root ??= node;
    open.push(node);
  });
  parser.on("closetag", () => void open.pop());
  const addText = (text: string): void => {
    const node = open.at(-1);
    if (node) node.text += text;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(xml).close();
  return isBroken || root === undefined ? undefined : trimmed(root);
}

function trimmed(node: Building): XmlNode {
  return { name: node.name, text: node.text.trim(), children: node.children.map(trimmed) };
}

/** The children of this name. */
export function childrenOf(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  return node?.children.filter((child) => child.name === name) ?? [];
}

/** The text of the first child of this name; undefined when there is none. */
export function childText(node: XmlNode | undefined, name: string): string | undefined {
  return childrenOf(node, name)[0]?.text;
}

/** Escapes a text for use between tags. */
export function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
