/** The videos that are older than 30 days; it stands for a database. */
export const archive = {
  oldVideos: Array.from({ length: 25 }, (_, i) => ({ videoId: `vid${i + 1}` })),
};
