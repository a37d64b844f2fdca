import { BlockList, isIP } from "node:net";

/** Networks that are not the internet: this machine, private and shared ones, documentation, multicast, translation. */
const IPV4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
];
/** Also what wraps an IPv4 address: nobody needs it to reach a public one. */
const IPV6 = [
  ...["::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32"],
  ...["2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
];

/** One for each family: a list of both takes IPv4 addresses for the IPv6 addresses that wrap them. */
const blocked = { ipv4: blockListOf("ipv4", IPV4), ipv6: blockListOf("ipv6", IPV6) } as const;

/** Whether an IP address is one that a webhook from outside has no business with. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  return family === 4 ? blocked.ipv4.check(address) : blocked.ipv6.check(address, "ipv6");
}

function blockListOf(family: "ipv4" | "ipv6", networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = network.split("/") as [string, string];
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
