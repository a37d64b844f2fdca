import { type LookupAddress, lookup } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { LonghaulError } from "../../core/errors.ts";
import { bad } from "../rules.ts";
import { isPrivateAddress } from "./private-address.ts";

/** A request to a target. */
export interface Post {
  /** For errors: URLs may hold secrets, and are not shown. */
  readonly target: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
}

/** So much is read of an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Checks a URL of a target. @throws {LonghaulError} ALERT_BAD_OPTION */
export function checkUrl(target: string, url: string | URL): URL {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:" && parsed?.protocol !== "http:")
    throw bad(`target ${target}: url has to be an http or https URL`);
  if (parsed.username || parsed.password)
    throw bad(`target ${target}: its URL must not hold a user or password`);
  return parsed;
}

/**
 * POSTs JSON. Resolves if the answer is a 2xx. Redirects are not followed, so that only the given address is asked; it is
 * checked once it is resolved, on the way to the connection, so that a name cannot stand for another address then.
 *
 * @throws {LonghaulError} ALERT_PRIVATE_ADDRESS; {Error} that names no part of the URL but its host
 */
export async function post(target: Post): Promise<void> {
  const { url, body, headers, allowPrivate, signal } = target;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowPrivate && isIP(host) && isPrivateAddress(host)) throw refused(target.target);
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const status = await new Promise<number>((resolve, reject) => {
    const options = {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(body)),
        "user-agent": "longhaul",
        ...headers,
      },
      signal,
      // A connection of its own: a pooled one was made without the check.
      agent: false,
      ...(allowPrivate ? {} : { lookup: guardedLookup(target.target) }),
    };
    const asked = request(url, options, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) asked.destroy(new Error("its answer is too long"));
      });
      answer.once("end", () => resolve(answer.statusCode ?? 0));
      answer.once("error", reject);
    });
    asked.once("error", reject);
    asked.end(body);
  });
  if (status < 200 || status > 299) throw new Error(`${url.host} answered ${status}`);
}

function guardedLookup(target: string): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) callback(error, []);
      else if (addresses.length === 0 || addresses.some(({ address }) => isPrivateAddress(address)))
        callback(refused(target), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

const refused = (target: string): LonghaulError =>
  new LonghaulError("ALERT_PRIVATE_ADDRESS", { target });
