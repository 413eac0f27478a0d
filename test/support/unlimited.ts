/** The limits of the API out of the way, for what asks more often and for more than a caller may. */
export const UNLIMITED = { RATE_LIMIT: "off", MAX_OPEN_ACTIONS: "1000000" };
