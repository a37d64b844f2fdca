import type { RunHost } from "../../runs/hosting.ts";
import type { ConfigPlan } from "./define-config.ts";

/** By what the host keeps beside runs, which is the same object for all that a runtime shows of itself. */
const configs = new WeakMap<object, ConfigPlan>();

/** Puts a configuration into force. Returns a function that ends that. */
export function setConfig(host: RunHost, config: ConfigPlan): () => void {
  const { stores } = host;
  configs.set(stores, config);
  return () => {
    if (configs.get(stores) === config) configs.delete(stores);
  };
}

/** What is in force on a host. */
export const configOf = (host: RunHost): ConfigPlan | undefined => configs.get(host.stores);
