/** Somebody who signed up. */
export interface User {
  readonly email: string;
  readonly hasCompletedOnboarding: boolean;
}

/** Stands in for the table of users, by id. */
export const users = new Map<string, User>();

export async function getUser(userId: string): Promise<User> {
  const user = users.get(userId);
  if (!user) throw new Error(`there is no user ${userId}`);
  return user;
}
