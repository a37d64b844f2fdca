import { testIdiom } from "../compat/suite.ts";

testIdiom({ name: "in memory", connection: () => ":memory:" });
