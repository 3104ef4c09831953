import { describe } from "vitest";
import { sqldPath } from "../support/sqld.ts";
import { testStore } from "../support/store-suite.ts";
import { sqld } from "../support/stores.ts";

describe.skipIf(!sqldPath)("the real libSQL server", () => testStore(sqld));
