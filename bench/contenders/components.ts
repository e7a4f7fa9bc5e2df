import { join } from "node:path";
import { makeFolder, removeFolder, startProcess, waitUntil } from "../../test/peers/process.ts";

export const secret = "bench secret";

/** A component in a process of its own. */
export interface ComponentProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts one of the components of this folder, on the same Bun that runs slotd. */
export async function startComponent(
  name: "echo" | "xmppjs",
  port: number,
  domain: string,
): Promise<ComponentProcess> {
  const folder = makeFolder(name);
  const script = join(import.meta.dirname, `${name}-component.ts`);
  const started = await startProcess({
    name,
    command: [process.execPath, script, String(port), domain, secret],
    folder,
  });
  // Both say so when they have logged in.
  await waitUntil(`the component ${name} to be online`, () => started.log().includes("online"));
  return {
    pid: started.pid,
    async stop() {
      await started.stop();
      removeFolder(folder);
    },
  };
}
