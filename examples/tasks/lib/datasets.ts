/** Stands in for a warehouse of data: the datasets are numbers, and this many each. */
export const DATASET_SIZE = 250;

/** Every item that was worked on, in order. */
export const processed: number[] = [];

export async function loadDataset(_datasetId: string): Promise<number[]> {
  return Array.from({ length: DATASET_SIZE }, (_, index) => index);
}

export async function processItem(item: number): Promise<void> {
  processed.push(item);
}
