// bun test/unit/lock/holder.ts PATH [PATIENCE]: takes the lock, says so, and holds it until it is ended
import { takeSqliteLock } from "../../../src/lock/sqlite-lock.ts";

const [path = "", patience = "0"] = process.argv.slice(2);
try {
  const lock = await takeSqliteLock(path, { patience: Number(patience) });
  console.log("held");
  process.once("SIGTERM", () => lock.release().then(() => process.exit()));
  setInterval(() => undefined, 60_000);
} catch (error) {
  console.log(error instanceof Error && "code" in error ? error.code : String(error));
}
