import { printable } from "../../slot/printable.ts";
import { SourceError, type SourceOptions } from "../source.ts";
import { folderNames } from "../tree/folder-names.ts";
import type { OpenFolder } from "../tree/open-folder.ts";
import { workOf } from "../tree/path-tree.ts";
import { prosodyDecode, prosodyEncode } from "./prosody-names.ts";

/** The folder of a component of Prosody's that has files, which the caller closes. */
export interface ComponentFolder {
  readonly component: string;
  readonly folder: OpenFolder;
}

const expected =
  "Expected Prosody's data folder, in which the folder of a component holds http_file_share, such as /var/lib/prosody";

/**
 * Finds the component whose files are to be read in Prosody's data folder.
 *
 * @throws {SourceError} when there is none, or several and none of them is named.
 */
export async function findComponent(root: OpenFolder, options: SourceOptions): Promise<ComponentFolder> {
  const found = options.component === undefined ? await onlyComponent(root, options) : options.component;
  const folder = found === "" ? undefined : root.folderIfAny(prosodyEncode(found));
  if (folder?.stats("http_file_share")?.isDirectory()) return { component: found, folder };
  folder?.close();
  throw new SourceError(`${expected}; there are no files of ${printable(found)} in ${options.folder}.`);
}

async function onlyComponent(root: OpenFolder, options: SourceOptions): Promise<string> {
  const components: string[] = [];
  for await (const name of folderNames(root, workOf(options).scratch)) {
    const component = prosodyDecode(name.toString("latin1"));
    if (component === undefined || components.length === 10) continue;
    const folder = root.folderIfAny(name.toString("latin1"));
    if (folder?.stats("http_file_share")?.isDirectory()) components.push(component);
    folder?.close();
  }
  const [only, ...others] = components;
  if (only === undefined) throw new SourceError(`${expected}; there is none in ${options.folder}.`);
  if (others.length === 0) return only;
  const names = components.map((name) => printable(name)).join(", ");
  throw new SourceError(
    `Several components have files in ${options.folder}: ${names}. Expected the name of one of them, and a run for each.`,
  );
}
