/** Restate's server, from its npm package. Everything but where it listens and writes is its default. */
import { freePort, runServer, temporaryFolder } from "../../../scripts/services/server.mjs";
import { peerVersion, requirePeer } from "../../peers.ts";

/** The address is that of the ingress; that of the admin API is its parameter `admin`. */
export async function startRestate(parent: string) {
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  const folder = temporaryFolder("restate", parent);
  const platform = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  const at = (port: number) => `127.0.0.1:${port}`;
  const settings = {
    RESTATE_LISTEN_MODE: "tcp",
    RESTATE_BIND_ADDRESS: at(node),
    RESTATE_INGRESS__BIND_ADDRESS: at(ingress),
    RESTATE_ADMIN__BIND_ADDRESS: at(admin),
    RESTATE_BASE_DIR: folder,
    RESTATE_DISABLE_TELEMETRY: "true",
  };
  const { pid, stop } = await runServer({
    name: "restate-server",
    command: [
      "env",
      ...Object.entries(settings).map((pair) => pair.join("=")),
      requirePeer.resolve(`${platform}/bin/restate-server`),
      "--no-logo",
    ],
    folder,
    ready: /Partition \d+ started/,
    stopSignal: "SIGTERM",
    killSignal: "SIGKILL",
  });
  const version = peerVersion("@restatedev/restate-server") ?? "unknown";
  return { url: `http://${at(ingress)}/?admin=${admin}`, pid, version, stop };
}
