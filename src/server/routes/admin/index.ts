/** Routes of this group. */
export const adminRoutes = [] as const;
