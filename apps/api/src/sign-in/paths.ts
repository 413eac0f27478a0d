/** Where the console is on the ops port. */
export const CONSOLE_PATH = "/console";

/** Where Bull Board is on the ops port. */
export const DASHBOARD_PATH = "/dashboard";
