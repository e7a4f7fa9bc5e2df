import { lookup } from "mrmime";

/** The media type by the ending of a name, as a service said it; undefined where it knew none. */
export type TypeByEnding = (filename: string) => string | undefined;

const octets = "application/octet-stream";

/** By a service's own list, in any case of letters. */
export function typesFrom(list: Readonly<Record<string, string>>): TypeByEnding {
  return (filename) => {
    const ending = endingOf(filename);
    return Object.hasOwn(list, ending) ? list[ending] : undefined;
  };
}

/** By a list of types that each name their endings, such as nginx's and the system's: `image/jpeg jpeg jpg`. */
export function typesFromLines(lines: string): TypeByEnding {
  const list: Record<string, string> = Object.create(null);
  for (const line of lines.trim().split("\n")) {
    const [type = octets, ...endings] = line.trim().split(" ");
    for (const ending of endings) list[ending] = type;
  }
  return typesFrom(list);
}

/** By the list of types that most systems have (mime-db's here). */
export function systemType(filename: string): string | undefined {
  const ending = endingOf(filename);
  return ending === "" ? undefined : lookup(ending);
}

/** What follows the last dot, in lowercase; "" where there is none. */
export function endingOf(filename: string): string {
  const dot = filename.lastIndexOf(".");
  return dot < 0 ? "" : filename.slice(dot + 1).toLowerCase();
}

/** A type that was guessed by the ending; "application/octet-stream" where the service knew none, as they all say then. */
export function guessed(types: TypeByEnding, filename: string): { contentType: string; isGuessed: true } {
  return { contentType: types(filename) ?? octets, isGuessed: true };
}
