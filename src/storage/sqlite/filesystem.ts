import { readFileSync, statfsSync } from "node:fs";

/**
 * Where a folder lives. `local`: only this kernel can have it mounted. `network`: SQLite's locks or its shared memory
 * do not work there. `unknown`: neither is sure (FUSE, or a system that does not tell).
 */
export type Filesystem =
  { readonly kind: "local" | "unknown" } | { readonly kind: "network"; readonly name: string };

/** What the kernel says; replaced in tests. */
export interface FilesystemProbe {
  /** The magic number that statfs(2) tells. */
  typeOf(folder: string): number;
  /** The text of /proc/self/mountinfo. */
  mounts(): string;
}

const networkTypes = new Map<number, string>([
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x01021997, "9p"],
  [0x00c36400, "ceph"],
  [0x5346414f, "afs"],
  [0x73757245, "coda"],
  [0x564c, "ncp"],
  [0x0bd00bd0, "lustre"],
  [0x7461636f, "ocfs2"],
  [0x01161970, "gfs2"],
]);
const FUSE = 0x65735546;
const networkFuse =
  /^fuse\.(sshfs|s3fs|rclone|gcsfuse|glusterfs|ceph|curlftpfs|mfs|juicefs|goofys|blobfuse2?)$/;

const kernelProbe: FilesystemProbe = {
  typeOf: (folder) => statfsSync(folder).type,
  mounts: () => readFileSync("/proc/self/mountinfo", "utf8"),
};

/** Finds out where a folder lives. Only Linux tells; elsewhere the answer is `unknown`. */
export function filesystemOf(folder: string, probe: FilesystemProbe = kernelProbe): Filesystem {
  if (process.platform !== "linux") return { kind: "unknown" };
  try {
    const type = probe.typeOf(folder) >>> 0;
    if (type === FUSE) return fuseFilesystem(folder, probe);
    const name = networkTypes.get(type);
    return name === undefined ? { kind: "local" } : { kind: "network", name };
  } catch {
    return { kind: "unknown" };
  }
}

/** All FUSE filesystems share one number; the mount table has their names. */
function fuseFilesystem(folder: string, probe: FilesystemProbe): Filesystem {
  let best = { point: "", name: "" };
  for (const line of probe.mounts().split("\n")) {
    const [mount = "", filesystem = ""] = line.split(" - ");
    const point = mount.split(" ")[4]?.replace(/\\040/g, " ");
    if (point === undefined || !isInside(folder, point) || point.length < best.point.length)
      continue;
    best = { point, name: filesystem.split(" ")[0] ?? "" };
  }
  return networkFuse.test(best.name) ? { kind: "network", name: best.name } : { kind: "unknown" };
}

function isInside(folder: string, point: string): boolean {
  return point === "/" || folder === point || folder.startsWith(`${point}/`);
}
