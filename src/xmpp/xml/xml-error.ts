/** The text is not well-formed, or holds what a stream must not. The message says what, and repeats nothing of it. */
export class XmlError extends Error {
  readonly code = "not-well-formed";
  override readonly name: string = "XmlError";
}

/** The text is well-formed, and breaks a rule on namespaces. */
export class NamespaceError extends XmlError {
  override readonly name = "NamespaceError";
}
