/** Routes of this group. */
export const liveRoutes = [] as const;
