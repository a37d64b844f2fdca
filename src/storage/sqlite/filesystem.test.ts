import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { filesystemOf, type FilesystemProbe } from "./filesystem.ts";

const FUSE = 0x65735546;
const noMounts = (): string => {
  throw new Error("not asked for");
};
const ofType = (type: number): FilesystemProbe => ({ typeOf: () => type, mounts: noMounts });

// Other systems do not tell, and there the answer is always "unknown".
describe.skipIf(process.platform !== "linux")("on Linux", () => {
  test.each([
    ["ext4", 0xef53],
    ["xfs", 0x58465342],
    ["btrfs", 0x9123683e],
    ["tmpfs", 0x01021994],
    ["overlay", 0x794c7630],
  ])("%s is local", (_name, type) => {
    expect(filesystemOf("/data", ofType(type))).toEqual({ kind: "local" });
  });

  test.each([
    ["nfs", 0x6969],
    ["cifs", 0xff534d42],
    ["cifs", 0xff534d42 | 0],
    ["smb2", 0xfe534d42],
    ["9p", 0x01021997],
  ])("%s is on a network", (name, type) => {
    expect(filesystemOf("/data", ofType(type))).toEqual({ kind: "network", name });
  });

  test.each([
    { folder: "/mnt/remote/app", expected: { kind: "network", name: "fuse.sshfs" } },
    { folder: "/mnt/remote", expected: { kind: "network", name: "fuse.sshfs" } },
    { folder: "/mnt/remoteness", expected: { kind: "unknown" } },
    { folder: "/mnt/remote/disk/app", expected: { kind: "unknown" } },
    { folder: "/mnt/with space/app", expected: { kind: "network", name: "fuse.rclone" } },
  ])("$folder on FUSE is told by the mount table", ({ folder, expected }) => {
    const mounts = (): string =>
      `22 1 8:1 / / rw,relatime shared:1 - fuseblk /dev/sda1 rw
40 22 0:50 / /mnt/remote rw - fuse.sshfs me@host: rw
41 40 8:17 / /mnt/remote/disk rw - fuseblk /dev/sdb1 rw
42 22 0:51 / /mnt/with\\040space rw - fuse.rclone cloud: rw
`;
    expect(filesystemOf(folder, { typeOf: () => FUSE, mounts })).toEqual(expected);
  });

  test("asks the kernel", () => {
    expect(["local", "unknown", "network"]).toContain(filesystemOf(tmpdir()).kind);
  });
});

test("what the kernel does not tell is unknown", () => {
  expect(filesystemOf("/no/such/folder")).toEqual({ kind: "unknown" });
});
