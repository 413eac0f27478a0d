import { type Client, createClient } from "bulk-actions-client";
import { loadCredentials } from "./credentials.ts";

/** Returns a client with the caller's credentials. Opens no connection. */
export async function openSession(): Promise<Client["bulkActions"]> {
  return createClient(await loadCredentials()).bulkActions;
}
