/** What vite makes of a style sheet. */
declare module "*.css";
