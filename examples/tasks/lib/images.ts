/** Stands in for a store of images. What it has been asked for, and whether it is up. */
export const imageStore = { downloads: 0, isDown: false };

export async function downloadImage(imageId: string): Promise<Uint8Array> {
  imageStore.downloads++;
  if (imageStore.isDown) throw new Error("the image store is down");
  return new TextEncoder().encode(imageId);
}

export async function optimizeImage(image: Uint8Array): Promise<Uint8Array> {
  return image.toReversed();
}

export async function uploadImage(image: Uint8Array): Promise<string> {
  return `https://images.example.com/${new TextDecoder().decode(image)}`;
}
