import { httpTable } from "../../contract/http-table.ts";
import { startFixture } from "./http-fixture.ts";

httpTable("slotd over TCP", false, startFixture);
