/** Who may ask, and what was done. */
export const adminEndpoints = {} as const;
