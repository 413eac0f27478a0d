import { readConfig } from "@bulk/service/config/read-config";
import { digestPassword } from "@bulk/service/password-digest";
import { expect, test } from "vitest";
import { apiConfig } from "../../config.ts";
import { listVariables, showVariable } from "./list-variables.ts";
import { writeVariables } from "./write-variables.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");

test("of URLs the address is shown, and neither user, password, parameters nor fragment", () => {
  expect(showVariable("DATABASE_URL", "postgres://me:s3cret@db.example:5432/shop?sslkey=s3cret#s3cret")).toBe(
    "postgres://db.example:5432/shop",
  );
  expect(showVariable("REDIS_CLUSTER", ["rediss://me:s3cret@a:6379", "rediss://b:6379"])).toBe(
    "rediss://a:6379, rediss://b:6379",
  );
  expect(showVariable("REDIS_URL", "no URL, but s3cret")).toBe("set");
});

test("a variable that nobody declared as public is secret", () => {
  expect(showVariable("FROM_TOMORROW", "s3cret")).toBe("set");
  expect(showVariable("constructor", "s3cret")).toBe("set");
  expect(showVariable("FROM_TOMORROW", undefined)).toBe("not set");
});

test("keys and lists are never shown as they are", () => {
  expect(showVariable("WEBHOOK_SECRET_KEY", new Uint8Array([1, 2]))).toBe("set");
  expect(showVariable("PORT", new Uint8Array([1, 2]))).toBe("set");
  expect(showVariable("DASHBOARD_USERS", [{ name: "anna", role: "viewer", digest: "s3cret" }])).toBe("set");
});

test("every variable of the API is listed, with its value, its meaning and who reads it", () => {
  const variables = listVariables(readConfig(apiConfig, { DATABASE_URL: "postgres://h/d", WINDOW: "7" }));
  expect(variables.map(({ name }) => name).toSorted()).toEqual(Object.keys(apiConfig.shape).toSorted());
  expect(variables.filter(({ meaning, readBy }) => !meaning || !readBy)).toEqual([]);
  expect(variables.find(({ name }) => name === "WINDOW")).toMatchObject({ value: "7", isDefault: false });
  expect(variables.find(({ name }) => name === "RATE_LIMIT")).toMatchObject({
    ...{ value: "150/10", isDefault: true, readBy: "API" },
  });
});

test("a child process gets the configuration of this one, and no variable twice", async () => {
  const variables = {
    DATABASE_URL: "postgres://me:s3cret@h/d",
    REDIS_CLUSTER: "rediss://me:s3cret@a:6379,rediss://b:6379",
    RATE_LIMIT: "9/3",
    TRUSTED_PROXIES: "10.0.0.0/8,fd00::1",
    WEBHOOK_SECRET_KEY: KEY,
    WEBHOOK_ALLOW_LOOPBACK: "true",
    DASHBOARD_USERS: `anna:operator:${await digestPassword("of anna")}`,
  };
  const config = readConfig(apiConfig, variables);
  const written = writeVariables(config, { WEBHOOK_SECRET_KEY_FILE: "/run/key", PATH: "/bin", PORT: "7" });
  expect(written).toMatchObject({ ...variables, PATH: "/bin", PORT: "3000" });
  expect(written).not.toHaveProperty("WEBHOOK_SECRET_KEY_FILE");
  expect(readConfig(apiConfig, written)).toEqual(config);
});
