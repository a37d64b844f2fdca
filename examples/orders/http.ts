/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 hands rejections to the error handler */
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import express, { type ErrorRequestHandler, type Express } from "express";
import type { Ledger } from "./ledger.ts";
import { BadOrder, parseOrder } from "./order.ts";
import { findOrderStatus } from "./order-status.ts";
import { createOrder, type Queues } from "./queues.ts";
import type { Settings } from "./settings.ts";

/** Where the dashboard is. */
export const DASHBOARD_PATH = "/admin/queues";

const BODY_LIMIT = "32kb";

/** The HTTP side: orders come in, people look at the queues. */
export function createApp(queues: Queues, ledger: Ledger, settings: Settings): Express {
  const app = express();
  app.disable("x-powered-by");

  app.get("/", (_request, response) => response.redirect(DASHBOARD_PATH));
  app.use(DASHBOARD_PATH, createDashboard(queues));

  app.post("/orders", express.json({ limit: BODY_LIMIT }), async (request, response) => {
    const order = parseOrder(request.body);
    const location = `/orders/${order.orderId}`;
    const known = await findOrderStatus(queues, ledger, order.orderId);
    if (known !== undefined) {
      response.location(location).json(known);
      return;
    }
    await createOrder(queues, order, settings);
    const status = { orderId: order.orderId, state: "processing", stage: "order" };
    response.status(202).location(location).json(status);
  });

  app.get("/orders/:orderId", async (request, response) => {
    const { orderId } = request.params;
    const status = /^[\w-]+$/.test(orderId) && (await findOrderStatus(queues, ledger, orderId));
    if (status) response.json(status);
    else response.status(404).json({ error: `There is no order ${orderId}` });
  });

  app.use((_request, response) => {
    response
      .status(404)
      .json({ error: "Here are POST /orders, GET /orders/:id and /admin/queues" });
  });
  app.use(answerError);
  return app;
}

function createDashboard(queues: Queues) {
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(DASHBOARD_PATH);
  createBullBoard({
    queues: Object.values(queues).map((queue) => new BullMQAdapter(queue)),
    serverAdapter,
  });
  return serverAdapter.getRouter();
}

// Express tells an error handler by its four parameters.
const answerError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  if (error instanceof BadOrder) {
    response.status(400).json({ error: "This is no order", problems: error.problems });
    return;
  }
  // express.json() marks what the sender did wrong: no JSON (400), too much of it (413).
  const { status = 500, message } = error as { status?: number; message: string };
  if (status >= 500) console.error(error);
  response.status(status).json({ error: status < 500 ? message : "Something went wrong here" });
};
