import { printable } from "../../slot/printable.ts";
import { SourceError, type SourceOptions } from "../source.ts";
import { folderNames } from "../tree/folder-names.ts";
import type { OpenFolder } from "../tree/open-folder.ts";
import { workOf } from "../tree/walk.ts";
import { prosodyDecode, prosodyEncode } from "./prosody-names.ts";

/** The folder of a component of Prosody's that has files, which the caller closes. */
export interface ComponentFolder {
  readonly component: string;
  readonly folder: OpenFolder;
}

/** By what a component is known: a folder of files, or a list of slots whose files are elsewhere. */
type Mark = "http_file_share" | "uploads.list";

/**
 * Finds the component whose files or slots are to be read in Prosody's data folder.
 *
 * @throws {SourceError} when there is none, or several and none of them is named.
 */
export async function findComponent(
  root: OpenFolder,
  mark: Mark,
  options: SourceOptions,
): Promise<ComponentFolder> {
  const component = options.component ?? (await onlyComponent(root, mark, options));
  const folder = component === "" ? undefined : root.folderIfAny(prosodyEncode(component));
  // With a database, a component that only gives out slots has a folder without any mark.
  if (folder !== undefined && (hasMark(folder, mark) || mark === "uploads.list"))
    return { component, folder };
  folder?.close();
  throw new SourceError(`${expected(mark)}; ${printable(component)} has none in this folder.`);
}

async function onlyComponent(root: OpenFolder, mark: Mark, options: SourceOptions): Promise<string> {
  const components: string[] = [];
  for await (const name of folderNames(root, workOf(options).scratch)) {
    const component = prosodyDecode(name.toString("latin1"));
    if (component === undefined || components.length === 10) continue;
    const folder = root.folderIfAny(name.toString("latin1"));
    if (folder !== undefined && hasMark(folder, mark)) components.push(component);
    folder?.close();
  }
  const [only, ...others] = components;
  if (only === undefined) throw new SourceError(`${expected(mark)}; there is none in this folder.`);
  if (others.length === 0) return only;
  const names = components.map((name) => printable(name)).join(", ");
  throw new SourceError(
    `Several components have files here: ${names}. Expected the name of one of them, and a run for each.`,
  );
}

function hasMark(folder: OpenFolder, mark: Mark): boolean {
  const stats = folder.stats(mark);
  return (mark === "uploads.list" ? stats?.isFile() : stats?.isDirectory()) ?? false;
}

function expected(mark: Mark): string {
  return `Expected Prosody's data folder, such as /var/lib/prosody, in which the folder of a component has ${mark}`;
}
