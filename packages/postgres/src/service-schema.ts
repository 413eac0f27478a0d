/** The schema of the service's tables. Every statement of ours names it; no session has it on its search path. */
export const SERVICE_SCHEMA = "bulk";
