import { httpTable } from "../contract/http-table.ts";
import { freePorts } from "../peers/ports.ts";
import { startNginx } from "../peers/servers/nginx.ts";
import { startFixture } from "../unit/http/http-fixture.ts";

httpTable("slotd behind nginx, configured as documented", true, async () => {
  const [port = 0, front = 0] = await freePorts(2);
  const nginx = await startNginx(front, `http://127.0.0.1:${port}`);
  const fixture = await startFixture({ port, front: { port: front, ca: nginx.ca } });
  const stopServer = fixture.stop;
  const stop = async () => {
    await stopServer();
    await nginx.stop();
  };
  return Object.assign(fixture, { stop });
});
