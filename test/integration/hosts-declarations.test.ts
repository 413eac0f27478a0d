import { checkFile } from "@bulk/admin/records/check-file";
import { loadRecords } from "@bulk/records/declaration/load-records";
import { describe, expect, test } from "vitest";
import { createHost, HOSTS } from "../support/hosts/create-host.ts";
import { pathTo } from "../support/repository.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { createTestDatabase } from "../support/test-database.ts";

describe.each(HOSTS)("the example for %s", (host) => {
  const file = loadRecords(pathTo(`examples/${host}/records.json`));

  test("declares how products and customers are deleted", () => {
    expect(Object.values(file.records).flatMap(({ actions }) => Object.keys(actions))).toEqual([
      "delete_products",
      "delete_customers",
    ]);
  });

  test("agrees with the shop: names, SQL, references and triggers", async () => {
    const owned = await createTestDatabase("own");
    try {
      await createHost(owned, host);
      await using service = openServiceDatabase(owned.url);
      expect(await checkFile(service.database, file)).toEqual([]);
    } finally {
      await owned.dispose();
    }
  });
});
