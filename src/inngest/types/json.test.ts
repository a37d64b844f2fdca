import { expectTypeOf, test } from "vitest";
import type { Jsonify, Output, Untyped } from "./json.ts";

interface Order {
  readonly id: string;
  at: Date;
  note?: string;
  maybe: number | undefined;
  tags: Set<string>;
  total(): number;
  lines: readonly { price: bigint | number; when: Date | null }[];
  pair: [Date, undefined, () => void];
  rest: unknown;
  free: Untyped;
}

test("Jsonify tells what comes back from JSON", () => {
  expectTypeOf<Jsonify<Order>>().toEqualTypeOf<{
    id: string;
    at: string;
    note?: string;
    maybe?: number;
    tags: Record<string, never>;
    lines: { price: number; when: string | null }[];
    pair: [string, null, null];
    rest: unknown;
    free: Untyped;
  }>();
  expectTypeOf<Jsonify<"a" | Date | null>>().toEqualTypeOf<string | null>();
  expectTypeOf<Jsonify<unknown>>().toEqualTypeOf<unknown>();
  expectTypeOf<Jsonify<Record<string, Date>>>().toEqualTypeOf<Record<string, string>>();
});

test("Output is what a step gives: awaited, null for nothing", () => {
  expectTypeOf<Output<Promise<void>>>().toEqualTypeOf<null>();
  expectTypeOf<Output<undefined>>().toEqualTypeOf<null>();
  expectTypeOf<Output<Promise<Date | undefined>>>().toEqualTypeOf<Date | null>();
  expectTypeOf<Output<never>>().toEqualTypeOf<null>();
  expectTypeOf<Output<Untyped>>().toEqualTypeOf<Untyped>();
  expectTypeOf<Output<unknown>>().toEqualTypeOf<unknown>();
});
